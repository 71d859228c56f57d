// SPDX-License-Identifier: GPL-2.0-or-later
// Entry of the plug-in: checks at load, callbacks of QEMU.

#include <stdlib.h>

#include "arguments.h"
#include "code_watch.h"
#include "engine.h"
#include "event_log.h"
#include "host_services.h"
#include "qemu_internals.h"
#include "session.h"
#include "vcpu.h"
#include "vcpu_fields.h"
#include "page_guard.h"

#define EXPORTED __attribute__((visibility("default")))

/** Read by QEMU before it calls qemu_plugin_install. No number is accepted by all versions. */
EXPORTED int qemu_plugin_version = PLUGIN_API_OF_7;

/** Runs when QEMU loads the plug-in, before it looks at the number. */
__attribute__((constructor)) static void declare_plugin_api(void)
{
    qemu_plugin_version = qemu_plugin_api_to_declare();
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const QemuPluginInfo *info, int count, char **arguments);

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
    code_watch_block(block);
    session_consider_start(block);
}

int qemu_plugin_install(qemu_plugin_id_t id, const QemuPluginInfo *info, int count, char **arguments)
{
    Arguments parsed;
    char version[32];
    DWORD engine_version;

    log_start();
    if (!arguments_parse(count, arguments, &parsed) || !qemu_symbols_resolve(info, version, sizeof version) ||
        !vcpu_fields_resolve() || !page_guard_register_type())
        return 1;
    guest_queries_prepare();
    vcpu_restore_warm_up();
    if (!engine_load(parsed.library, parsed.untrapped))
        return 1;
    engine_version = engine.IntLibraryVersion();
    log_event("loaded", "version=%u.%u.%u qemu=%s lib=%s", engine_version >> 16, engine_version >> 8 & 0xFF,
              engine_version & 0xFF, version, parsed.library);
    // Not QEMU's own callback at the end: this one runs before those of the libraries that were loaded until now.
    atexit(session_end);
    qemu.qemu_plugin_register_vcpu_init_cb(id, on_vcpu_created);
    if (parsed.starts) {
        session_prepare(&parsed);
        qemu.qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    }
    return 0;
}
