// SPDX-License-Identifier: GPL-2.0-or-later
// Finding QEMU's functions by name, and refusing a QEMU that this plug-in was not made for.

#define _GNU_SOURCE
#include "qemu_internals.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <string.h>

#include "event_log.h"

/** The versions that are known, in the order of their names in QEMU_VERSIONED_FUNCTIONS. */
enum { QEMU_7, QEMU_10, QEMU_VERSION_COUNT };

static const struct {
    int64_t major, minor;
} supported[QEMU_VERSION_COUNT] = {{7, 2}, {10, 0}};

#define SUPPORTED "7.2 and 10.0"
#define FIRST_WITH_SHORT_LOCK_NAMES "bql_locked" /* exported from 9.0 on */

QemuInterface qemu;

typedef struct Symbol {
    const char *names[QEMU_VERSION_COUNT]; /* null: not needed in that version */
    size_t offset; /* of the member of QemuInterface that takes the address */
} Symbol;

static const Symbol symbols[] = {
#define QEMU_SYMBOL(result, name, parameters) {{#name, #name}, offsetof(QemuInterface, name)},
    QEMU_FUNCTIONS(QEMU_SYMBOL)
#undef QEMU_SYMBOL
#define QEMU_SYMBOL(result, member, name_7, name_10, parameters) {{name_7, name_10}, offsetof(QemuInterface, member)},
    QEMU_VERSIONED_FUNCTIONS(QEMU_SYMBOL)
#undef QEMU_SYMBOL
    {{"address_space_memory", "address_space_memory"}, offsetof(QemuInterface, address_space_memory)},
    {{"use_icount", "use_icount"}, offsetof(QemuInterface, use_icount)},
    {{"RunState_lookup", "RunState_lookup"}, offsetof(QemuInterface, run_state_names)},
    {{"vmstate_x86_cpu", "vmstate_x86_cpu"}, offsetof(QemuInterface, cpu_description)},
};

/** Looks every symbol up; all that are missing go into one message. */
static bool resolve_all(int version)
{
    char missing[1024] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        const char *name = symbols[i].names[version];
        void *address = name ? dlsym(RTLD_DEFAULT, name) : NULL;

        if (name && !address) {
            int length = snprintf(missing + used, sizeof missing - used, " %s", name);

            used = used + (size_t)length < sizeof missing ? used + (size_t)length : sizeof missing - 1;
        }
        memcpy((char *)&qemu + symbols[i].offset, &address, sizeof address);
    }
    // A thread-local variable: its address differs from thread to thread, only its presence counts here.
    if (!dlsym(RTLD_DEFAULT, "current_cpu"))
        snprintf(missing + used, sizeof missing - used, " current_cpu");
    if (*missing) {
        log_error("symbols missing in this QEMU:%s; supported are QEMU " SUPPORTED " with exported symbols, as Debian builds them",
                  missing);
        return false;
    }
    return true;
}

/** What has another value in each version. The first three are checked at the start of the protection. */
static void choose_numbers(int version)
{
    qemu.attrs_unspecified = version == QEMU_7 ? ATTRS_UNSPECIFIED_7 : ATTRS_UNSPECIFIED_10;
    qemu.attrs_requester = version == QEMU_7 ? ATTRS_REQUESTER_7 : ATTRS_REQUESTER_10;
    qemu.cc_op_in_cc_src = version == QEMU_7 ? CC_OP_IN_CC_SRC_7 : CC_OP_IN_CC_SRC_10;
    qemu.has_exact_callbacks = version != QEMU_7;
}

/** QEMU's own word on its version, by the function behind QMP's query-version. Returns its place in supported[], or -1. */
static int find_version(char *version, size_t version_size)
{
    QemuVersion *(*query)(void **) = NULL;
    void *address = dlsym(RTLD_DEFAULT, "qmp_query_version");
    QemuVersion *answer;
    int found = -1;

    memcpy(&query, &address, sizeof query);
    answer = query ? query(NULL) : NULL;
    if (!answer || !answer->qemu) {
        log_error("cannot find this QEMU's version: qmp_query_version is %s; supported are QEMU " SUPPORTED,
                  query ? "silent" : "not exported");
        return -1;
    }
    for (int i = 0; i < QEMU_VERSION_COUNT; i++)
        if (answer->qemu->major == supported[i].major && answer->qemu->minor == supported[i].minor)
            found = i;
    snprintf(version, version_size, "%" PRId64 ".%" PRId64 ".%" PRId64, answer->qemu->major, answer->qemu->minor,
             answer->qemu->micro);
    if (found < 0)
        log_error("this is QEMU %s%s; supported are " SUPPORTED, version, answer->package ? answer->package : "");
    // The answer is left to the process: freeing it needs one more symbol that another version may lack.
    return found;
}

bool qemu_symbols_resolve(const QemuPluginInfo *info, char *version, size_t version_size)
{
    int found = find_version(version, version_size);

    if (found < 0 || !resolve_all(found))
        return false;
    choose_numbers(found);
    if (!info->system_emulation || strcmp(info->target_name, "x86_64") != 0) {
        log_error("this QEMU emulates %s %s; supported is a whole x86_64 machine (qemu-system-x86_64)", info->target_name,
                  info->system_emulation ? "machines" : "processes");
        return false;
    }
    return true;
}

int qemu_plugin_api_to_declare(void)
{
    return dlsym(RTLD_DEFAULT, FIRST_WITH_SHORT_LOCK_NAMES) ? PLUGIN_API_OF_10 : PLUGIN_API_OF_7;
}

size_t qemu_instruction_bytes(const TranslatedInstruction *instruction, uint8_t *bytes, size_t room)
{
    size_t size = qemu.qemu_plugin_insn_size(instruction);

    if (size > room)
        return 0;
    if (qemu.insn_data_10)
        return qemu.insn_data_10(instruction, bytes, size);
    memcpy(bytes, qemu.insn_data_7(instruction), size);
    return size;
}

void qemu_invalidate_code(void *host, size_t length)
{
    uint64_t start = qemu.qemu_ram_addr_from_host(host);

    if (qemu.invalidate_through)
        qemu.invalidate_through(start, start + length - 1);
    else
        qemu.invalidate_before(start, start + length);
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
    if (qemu.big_locked())
        return false;
    qemu.big_lock(__FILE__, __LINE__);
    return true;
}

void qemu_big_lock_release(bool was_taken)
{
    if (was_taken)
        qemu.big_unlock();
}
