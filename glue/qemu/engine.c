// SPDX-License-Identifier: GPL-2.0-or-later
// Loading the engine's library.

#define _GNU_SOURCE
#include "engine.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "event_log.h"
#include "host_services.h"

Engine engine;

typedef struct Export {
    const char *name;
    size_t offset; /* of the member of Engine that takes the address */
} Export;

static const Export exports[] = {
#define ENGINE_EXPORT(result, name, parameters) {#name, offsetof(Engine, name)},
    ENGINE_FUNCTIONS(ENGINE_EXPORT)
#undef ENGINE_EXPORT
};

static bool find_exports(void *library, const char *path)
{
    char missing[512] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        void *address = dlsym(library, exports[i].name);

        if (!address)
            used += (size_t)snprintf(missing + used, sizeof missing - used, " %s", exports[i].name);
        memcpy((char *)&engine + exports[i].offset, &address, sizeof address);
    }
    if (*missing)
        log_error("lib=%s lacks:%s; give a libintrocore.so of version %d.%d", path, missing, INTROCORE_VERSION_MAJOR,
                  INTROCORE_VERSION_MINOR);
    return !*missing;
}

bool engine_load(const char *path, unsigned untrapped)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    DWORD version;
    INTSTATUS status;

    if (!library) {
        log_error("cannot load the engine: %s; give the path of libintrocore.so as lib=", dlerror());
        return false;
    }
    if (!find_exports(library, path))
        return false;
    version = engine.IntLibraryVersion();
    if (version >> 16 != INTROCORE_VERSION_MAJOR || (version >> 8 & 0xFF) != INTROCORE_VERSION_MINOR) {
        log_error("lib=%s is version %u.%u.%u; this plug-in is made for %d.%d", path, version >> 16, version >> 8 & 0xFF,
                  version & 0xFF, INTROCORE_VERSION_MAJOR, INTROCORE_VERSION_MINOR);
        return false;
    }
    host_services_fill(&engine.glue, &engine.upper, untrapped);
    engine.IntPreinit();
    status = engine.IntInit(&engine.glue, &engine.upper);
    if (status != INT_STATUS_SUCCESS) {
        log_error("IntInit of %s failed: %s", path, engine.IntStatusToString(status));
        return false;
    }
    return true;
}
