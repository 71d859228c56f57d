/* SPDX-License-Identifier: MIT */
/**
 * drive.c - runs one group of checks against the published library.
 *
 *     drive GROUP LIBRARY [FILE] 3>report      drive --list 3>names
 *
 * Exit code 0: all held. 1: some did not. 2: wrong arguments. The report is check.h's.
 */
#include "drive.h"

#include <string.h>

const char *drive_extra;
const char *drive_library;

static const struct {
    const char *name;
    void (*run)(void);
    bool initialised;
} groups[] = {
#define DRIVE_ENTRY(name, function, initialised) {name, function, initialised},
    DRIVE_GROUPS(DRIVE_ENTRY)
#undef DRIVE_ENTRY
};

bool drive_load(void)
{
    const char *missing = NULL;
    bool loaded = library_open(&lib, drive_library, &missing);
    if (loaded && missing != NULL)
        check_note("the library has no %s", missing); /* the test of its exports fails for that */
    return check(loaded, "the library loads", "%s", missing != NULL ? missing : "");
}

struct guest *drive_start(unsigned cpu_count, QWORD options)
{
    struct guest *guest = guest_create(cpu_count);
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, options), "a guest is taken under protection"))
        return guest;
    guest_destroy(guest);
    return NULL;
}

void drive_finish(struct guest *guest)
{
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
    CHECK(guest_is_free(guest), "no right is withdrawn and no handler registered any more");
    CHECK_EQ(0, guest_mapped(guest), "every mapping was unmapped");
    CHECK_EQ(guest->counts[COUNT_PAUSE], guest->counts[COUNT_RESUME], "every pause was followed by a resume");
    guest_destroy(guest);
}

const EVENT_EPT_VIOLATION *drive_blocked(struct guest *guest, const struct store *store, const char *name)
{
    static const EVENT_EPT_VIOLATION none;
    BYTE before[64];
    DWORD size = store->size <= sizeof before ? store->size : (DWORD)sizeof before;
    memcpy(before, guest->ram + store->gpa, size);
    unsigned alerts = guest->alert_count;
    struct outcome outcome = guest_store(guest, store);
    bool blocked = outcome.status == INT_STATUS_SUCCESS && outcome.action == introGuestNotAllowed;
    bool kept = memcmp(before, guest->ram + store->gpa, size) == 0;
    bool told = guest->alert_count == alerts + 1;
    check(blocked && kept && told, name, "status 0x%08X, action %d after %u exits, %u alerts%s", (unsigned)outcome.status,
          (int)outcome.action, outcome.exits, guest->alert_count - alerts, kept ? "" : ", memory changed");
    return told && alerts < GUEST_MAX_ALERTS ? &guest->alerts[alerts] : &none;
}

void drive_allowed(struct guest *guest, const struct store *store, const char *name)
{
    unsigned alerts = guest->alert_count;
    struct outcome outcome = guest_store(guest, store);
    /* AllowedVirtual: the engine has completed the store itself. */
    bool allowed = INT_SUCCESS(outcome.status) || outcome.status == INT_STATUS_NOT_FOUND;
    allowed = allowed && (outcome.action == introGuestAllowed ||
                          (outcome.action == introGuestAllowedVirtual && !(store->flags & VCPU_EXIT_DATA)));
    bool landed = store->data == NULL || memcmp(store->data, guest->ram + store->gpa, store->size) == 0;
    check(allowed && landed && guest->alert_count == alerts, name, "status 0x%08X, action %d after %u exits, %u alerts%s",
          (unsigned)outcome.status, (int)outcome.action, outcome.exits, guest->alert_count - alerts,
          landed ? "" : ", the store did not land");
}

struct store drive_gate_store(struct guest *guest, unsigned cpu, unsigned gate, const QWORD *value)
{
    guest->cpus[cpu].regs.Rdi = GATE_GLA(gate);
    guest->cpus[cpu].regs.Rsi = *value;
    return (struct store){
        .cpu = cpu, .rip = RIP_KERNEL(CODE_MOV8), .gla = GATE_GLA(gate), .gpa = GATE_GPA(gate), .data = value, .size = 8,
        .pushed = PUSH_ALL, .flags = VCPU_EXIT_DATA,
    };
}

static void run_group(void (*run)(void), bool initialised)
{
    if (initialised) {
        if (!drive_load() || !CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "the engine initialises"))
            return;
    }
    run();
    if (initialised)
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
}

int main(int count, char **arguments)
{
    size_t group_count = sizeof groups / sizeof groups[0];
    if (count == 2 && strcmp(arguments[1], "--list") == 0) {
        for (size_t i = 0; i < group_count; i++)
            check_note("%s", groups[i].name);
        return 0;
    }
    if (count < 3)
        return 2;
    drive_library = arguments[2];
    drive_extra = count > 3 ? arguments[3] : NULL;
    for (size_t i = 0; i < group_count; i++) {
        if (strcmp(groups[i].name, arguments[1]) == 0) {
            check_note("%s", groups[i].name);
            run_group(groups[i].run, groups[i].initialised);
            CHECK_EQ(0, host_errors, "the engine kept to the rules of the boundary");
            int code = check_end();
            if (code != 0)
                host_log_note();
            return code;
        }
    }
    return 2;
}
