/* SPDX-License-Identifier: MIT */
/**
 * drive.c - drives the published library as a hypervisor would; arguments, report and exit code as groups.h says.
 */
#include "drive.h"

#include <string.h>

static const struct group groups[] = {
#define DRIVE_ENTRY(name, function, initialised) {name, function, initialised},
    DRIVE_GROUPS(DRIVE_ENTRY)
#undef DRIVE_ENTRY
};

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

int main(int count, char **arguments)
{
    return groups_main(groups, sizeof groups / sizeof groups[0], count, arguments);
}
