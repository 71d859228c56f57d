// SPDX-License-Identifier: GPL-2.0-or-later
// Entry of the plug-in: arguments, checks at load, callbacks of QEMU.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "event_log.h"
#include "host_services.h"
#include "qemu_internals.h"
#include "session.h"
#include "vcpu.h"
#include "vcpu_fields.h"
#include "write_guard.h"

#define EXPORTED __attribute__((visibility("default")))

/** Read by QEMU before it calls qemu_plugin_install. No number is accepted by all versions. */
EXPORTED int qemu_plugin_version = PLUGIN_API_OF_7;

/** Runs when QEMU loads the plug-in, before it looks at the number. */
__attribute__((constructor)) static void declare_plugin_api(void)
{
    qemu_plugin_version = qemu_plugin_api_to_declare();
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const QemuPluginInfo *info, int count, char **arguments);

/** The plug-in's arguments. */
typedef struct Arguments {
    const char *library;
    QWORD options;
    bool starts; /* when the first user process runs; or never */
} Arguments;

/** The value of an argument of that name, or null. */
static const char *value_of(const char *argument, const char *name)
{
    size_t length = strlen(name);

    return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1 : NULL;
}

static bool parse_one(const char *argument, Arguments *result)
{
    const char *value;
    char *end;

    if ((value = value_of(argument, "lib")) != NULL) {
        result->library = value;
        return true;
    }
    if ((value = value_of(argument, "options")) != NULL) {
        errno = 0;
        result->options = strtoull(value, &end, 0);
        if (!errno && *value && !*end)
            return true;
        log_error("options=%s is no number; give option bits such as options=0x8", value);
        return false;
    }
    if ((value = value_of(argument, "start")) != NULL) {
        result->starts = strcmp(value, "user") == 0;
        if (result->starts || strcmp(value, "never") == 0)
            return true;
        log_error("start=%s is unknown; give start=user or start=never", value);
        return false;
    }
    log_error("argument %s is unknown; known are lib=PATH, options=BITS, start=user|never", argument);
    return false;
}

static bool parse(int count, char **arguments, Arguments *result)
{
    *result = (Arguments){.options = INTRO_OPT_PROT_KM_IDT, .starts = true};
    for (int i = 0; i < count; i++)
        if (!parse_one(arguments[i], result))
            return false;
    if (!result->library || !*result->library) {
        log_error("argument lib=PATH is missing; give the path of libintrocore.so");
        return false;
    }
    return true;
}

/** A vCPU has been created and has not run yet. */
static void on_vcpu_created(qemu_plugin_id_t id, unsigned int index)
{
    (void)id;
    if (!vcpu_locate(index))
        exit(EXIT_FAILURE);
}

static void on_translation(qemu_plugin_id_t id, TranslatedBlock *block)
{
    (void)id;
    session_consider_start(block);
}

int qemu_plugin_install(qemu_plugin_id_t id, const QemuPluginInfo *info, int count, char **arguments)
{
    Arguments parsed;
    char version[32];
    DWORD engine_version;

    log_start();
    if (!parse(count, arguments, &parsed) || !qemu_symbols_resolve(info, version, sizeof version) ||
        !vcpu_fields_resolve() || !write_guard_register_type())
        return 1;
    guest_queries_prepare();
    vcpu_restore_warm_up();
    if (!engine_load(parsed.library))
        return 1;
    engine_version = engine.IntLibraryVersion();
    log_event("loaded", "version=%u.%u.%u qemu=%s lib=%s", engine_version >> 16, engine_version >> 8 & 0xFF,
              engine_version & 0xFF, version, parsed.library);
    // Not QEMU's own callback at the end: this one runs before those of the libraries that were loaded until now.
    atexit(session_end);
    qemu.qemu_plugin_register_vcpu_init_cb(id, on_vcpu_created);
    if (parsed.starts) {
        session_prepare(parsed.options);
        qemu.qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    }
    return 0;
}
