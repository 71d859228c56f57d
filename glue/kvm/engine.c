// SPDX-License-Identifier: MIT
// Loading the engine's library.

#include "engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "introcore_kvm.h"
#include "log.h"
#include "services.h"

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

/** The library is never unloaded: it would not survive that. */
static int find_exports(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    int missing = 0;

    if (!library) {
        log_error("cannot load the engine: %s", dlerror());
        errno = ENOENT;
        return -1;
    }
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        void *address = dlsym(library, exports[i].name);

        if (!address) {
            log_error("%s has no %s", path, exports[i].name);
            missing++;
        }
        memcpy((char *)&engine + exports[i].offset, &address, sizeof address);
    }
    if (!missing)
        return 0;
    errno = ENOEXEC;
    return -1;
}

int introkvm_load(const char *path, void (*log)(const char *line))
{
    DWORD version;
    INTSTATUS status;

    if (engine.is_ready) {
        errno = EALREADY;
        return -1;
    }
    log_set_sink(log);
    if (find_exports(path) != 0)
        return -1;
    version = engine.IntLibraryVersion();
    if (version >> 16 != INTROCORE_VERSION_MAJOR || (version >> 8 & 0xFF) != INTROCORE_VERSION_MINOR) {
        log_error("%s is version %u.%u.%u; %d.%d is needed", path, version >> 16, version >> 8 & 0xFF, version & 0xFF,
                  INTROCORE_VERSION_MAJOR, INTROCORE_VERSION_MINOR);
        errno = ENOEXEC;
        return -1;
    }
    services_fill(&engine.glue, &engine.upper);
    engine.IntPreinit();
    status = engine.IntInit(&engine.glue, &engine.upper);
    if (status != INT_STATUS_SUCCESS) {
        log_error("IntInit of %s failed: %s", path, engine.IntStatusToString(status));
        errno = EIO;
        return -1;
    }
    engine.is_ready = 1;
    return 0;
}

int introkvm_unload(void)
{
    INTSTATUS status = engine.is_ready ? engine.IntUninit() : INT_STATUS_NOT_NEEDED_HINT;

    if (!INT_SUCCESS(status)) {
        log_error("IntUninit failed: %s", engine.IntStatusToString(status));
        errno = EBUSY;
        return -1;
    }
    engine.is_ready = 0;
    return 0;
}
