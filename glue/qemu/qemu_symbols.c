// SPDX-License-Identifier: GPL-2.0-or-later
// Finding QEMU's functions by name, and refusing a QEMU that this plug-in was not made for.

#define _GNU_SOURCE
#include "qemu_internals.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <string.h>

#include "event_log.h"

#define SUPPORTED_MAJOR 7
#define SUPPORTED_MINOR 2

QemuInterface qemu;

typedef struct Symbol {
    const char *name;
    size_t offset; /* of the member of QemuInterface that takes the address */
} Symbol;

static const Symbol symbols[] = {
#define QEMU_SYMBOL(result, name, parameters) {#name, offsetof(QemuInterface, name)},
    QEMU_FUNCTIONS(QEMU_SYMBOL)
#undef QEMU_SYMBOL
    {"address_space_memory", offsetof(QemuInterface, address_space_memory)},
    {"use_icount", offsetof(QemuInterface, use_icount)},
    {"RunState_lookup", offsetof(QemuInterface, run_state_names)},
};

/** Looks every symbol up; all that are missing go into one message. */
static bool resolve_all(void)
{
    char missing[1024] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *address = dlsym(RTLD_DEFAULT, symbols[i].name);

        if (!address) {
            int length = snprintf(missing + used, sizeof missing - used, " %s", symbols[i].name);

            used = used + (size_t)length < sizeof missing ? used + (size_t)length : sizeof missing - 1;
        }
        memcpy((char *)&qemu + symbols[i].offset, &address, sizeof address);
    }
    // A thread-local variable: its address differs from thread to thread, only its presence counts here.
    if (!dlsym(RTLD_DEFAULT, "current_cpu"))
        snprintf(missing + used, sizeof missing - used, " current_cpu");
    if (*missing) {
        log_error("symbols missing in this QEMU:%s; supported is QEMU %d.%d with exported symbols, as Debian 12 builds it",
                  missing, SUPPORTED_MAJOR, SUPPORTED_MINOR);
        return false;
    }
    return true;
}

/** QEMU's own word on its version, by the function behind QMP's query-version. */
static bool check_version(char *version, size_t version_size)
{
    QemuVersion *(*query)(void **) = NULL;
    void *address = dlsym(RTLD_DEFAULT, "qmp_query_version");
    QemuVersion *answer;
    bool is_supported;

    memcpy(&query, &address, sizeof query);
    answer = query ? query(NULL) : NULL;
    if (!answer || !answer->qemu) {
        log_error("cannot find this QEMU's version: qmp_query_version is %s; supported is QEMU %d.%d",
                  query ? "silent" : "not exported", SUPPORTED_MAJOR, SUPPORTED_MINOR);
        return false;
    }
    is_supported = answer->qemu->major == SUPPORTED_MAJOR && answer->qemu->minor == SUPPORTED_MINOR;
    snprintf(version, version_size, "%" PRId64 ".%" PRId64 ".%" PRId64, answer->qemu->major, answer->qemu->minor,
             answer->qemu->micro);
    if (!is_supported)
        log_error("this is QEMU %s%s; supported is %d.%d", version, answer->package ? answer->package : "",
                  SUPPORTED_MAJOR, SUPPORTED_MINOR);
    // The answer is left to the process: freeing it needs one more symbol that another version may lack.
    return is_supported;
}

bool qemu_symbols_resolve(const QemuPluginInfo *info, char *version, size_t version_size)
{
    if (!check_version(version, version_size) || !resolve_all())
        return false;
    if (!info->system_emulation || strcmp(info->target_name, "x86_64") != 0) {
        log_error("this QEMU emulates %s %s; supported is a whole x86_64 machine (qemu-system-x86_64)", info->target_name,
                  info->system_emulation ? "machines" : "processes");
        return false;
    }
    return true;
}

CPUState *qemu_current_cpu(void)
{
    // The lookup is slow, the address is constant for a thread.
    static __thread CPUState **of_thread;

    if (!of_thread)
        of_thread = dlsym(RTLD_DEFAULT, "current_cpu");
    return *of_thread;
}

bool qemu_big_lock_acquire(void)
{
    if (qemu.qemu_mutex_iothread_locked())
        return false;
    qemu.qemu_mutex_lock_iothread_impl(__FILE__, __LINE__);
    return true;
}

void qemu_big_lock_release(bool was_taken)
{
    if (was_taken)
        qemu.qemu_mutex_unlock_iothread();
}
