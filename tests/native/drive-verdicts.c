/* SPDX-License-Identifier: MIT */
/* What is blocked and what is not. */
#include "drive.h"

#include <string.h>

void drive_verdicts(void)
{
    struct guest *guest = guest_create(1);
    guest_set_idt(guest, 0, GLA_IDT, 0x7FF); /* 128 gates: half of the frame */
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest with a table of half a frame"))
        return;
    QWORD value = 0xAA55, same, mixed[2];
    struct store store = drive_gate_store(guest, 0, 127, &value);
    drive_blocked(guest, &store, "the last gate within the limit");
    store = drive_gate_store(guest, 0, 128, &value);
    drive_allowed(guest, &store, "the first 16 bytes behind the limit, in the same frame");
    store = drive_gate_store(guest, 0, 255, &value);
    drive_allowed(guest, &store, "the end of the frame");

    memcpy(&same, guest->ram + GATE_GPA(7), 8);
    store = drive_gate_store(guest, 0, 7, &same);
    drive_allowed(guest, &store, "a store of the bytes that are there");
    value = same ^ 0x0100000000000000ull;
    store = drive_gate_store(guest, 0, 7, &value);
    drive_blocked(guest, &store, "a store that changes one bit of the last byte");

    /* Over the end of the table: 8 bytes within and 8 behind. */
    memcpy(mixed, guest->ram + GPA_IDT + 0x7F8, 16);
    mixed[1] ^= 0xFF;
    store = (struct store){.rip = RIP_KERNEL(CODE_MOVUPS), .gla = GLA_IDT + 0x7F8, .gpa = GPA_IDT + 0x7F8, .data = mixed,
                           .size = 16, .pushed = PUSH_ALL, .flags = VCPU_EXIT_DATA};
    guest->cpus[0].regs.Rdi = store.gla;
    drive_allowed(guest, &store, "a store over the end of the table that changes nothing within");
    mixed[0] ^= 1;
    drive_blocked(guest, &store, "a store over the end of the table that changes a gate");

    value = 0x1234;
    store = drive_gate_store(guest, 0, 0, &value);
    store.gla = GLA_KERNEL + GPA_DATA, store.gpa = GPA_DATA;
    guest->cpus[0].regs.Rdi = store.gla;
    drive_allowed(guest, &store, "a store to memory that is not guarded");

    store = drive_gate_store(guest, 0, 3, &value);
    store.access = IG_EPT_HOOK_READ, store.flags = 0, store.data = NULL, store.rip = RIP_KERNEL(CODE_LOAD8);
    drive_allowed(guest, &store, "a load from a gate");
    store.access = IG_EPT_HOOK_EXECUTE, store.rip = store.gla;
    drive_allowed(guest, &store, "a fetch from the table's frame");
    store = drive_gate_store(guest, 0, 3, &value);
    store.access = IG_EPT_HOOK_READ | IG_EPT_HOOK_WRITE;
    drive_blocked(guest, &store, "a store that the hypervisor reports as read and write");
    drive_finish(guest);
}

void drive_log_only(void)
{
    struct guest *guest = group_start(1, OPTION_LOG_ONLY);
    if (guest == NULL)
        return;
    CHECK_EQ(0, guest->rights[GPA_IDT >> 12] & 2, "log-only withdraws the right as well");
    QWORD value = 0xBE7A, landed;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    struct outcome outcome = guest_store(guest, &store);
    memcpy(&landed, guest->ram + GATE_GPA(14), 8);
    CHECK_STATUS(INT_STATUS_SUCCESS, outcome.status, "log-only: status");
    CHECK_EQ(introGuestAllowed, outcome.action, "log-only: the store is allowed");
    CHECK_EQ(value, landed, "log-only: and lands");
    if (CHECK_EQ(1, guest->alert_count, "log-only: one alert")) {
        CHECK_EQ(introGuestNotAllowed, guest->alerts[0].Header.Action, "log-only: the alert says what the policy decided");
        CHECK_EQ(ALERT_FLAG_BETA, guest->alerts[0].Header.Flags, "log-only: the flag says that it happened all the same");
    }
    drive_allowed(guest, &store, "log-only: the same bytes once more are no alert");
    drive_finish(guest);
}

/* Where the tables are: not at the start of a frame, over two frames, one for each vCPU. */
void drive_tables_of_guest(void)
{
    struct guest *guest = guest_create(2);
    memcpy(guest->ram + 0x22800, guest->ram + GPA_IDT, 0x1000);
    guest_set_idt(guest, 1, GLA_IDT + 0x2800, 0xFFF); /* frames 0x22 and 0x23, from the middle to the middle */
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "two vCPUs with tables of their own"))
        return;
    CHECK_EQ(0, guest->rights[0x20] & 2, "the table of vCPU 0 is guarded");
    CHECK_EQ(7, guest->rights[0x21], "the frame behind it is not");
    CHECK_EQ(0, guest->rights[0x22] & 2, "the first frame of the table of vCPU 1 is guarded");
    CHECK_EQ(0, guest->rights[0x23] & 2, "and the second");
    CHECK_EQ(7, guest->rights[0x24], "and none behind it");

    QWORD value = 0x77;
    struct store store = drive_gate_store(guest, 0, 0, &value);
    store.gla = GLA_IDT + 0x2800, store.gpa = 0x22800;
    guest->cpus[0].regs.Rdi = store.gla;
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, "vCPU 0 stores to the first gate of vCPU 1");
    CHECK_EQ(0, event->Victim.IdtEntry, "first gate: its number");
    CHECK_EQ(GLA_IDT + 0x2800, event->HookStartVirtual, "first gate: start of the table");
    CHECK_EQ(0x800, event->Offset, "first gate: offset in the page");
    store.gla = GLA_IDT + 0x3000, store.gpa = 0x23000;
    guest->cpus[0].regs.Rdi = store.gla;
    event = drive_blocked(guest, &store, "a gate on the second frame");
    CHECK_EQ(128, event->Victim.IdtEntry, "second frame: number of the gate");
    CHECK_EQ(GLA_IDT + 0x3000, event->VirtualPage, "second frame: page");
    store.gla = GLA_IDT + 0x27F8, store.gpa = 0x227F8;
    guest->cpus[0].regs.Rdi = store.gla;
    drive_allowed(guest, &store, "in front of the table, same frame");
    store.gla = GLA_IDT + 0x3800, store.gpa = 0x23800;
    guest->cpus[0].regs.Rdi = store.gla;
    drive_allowed(guest, &store, "behind the table, same frame");
    store.gla = GLA_IDT + 0x27FC, store.gpa = 0x227FC, value = 0x7700000000ull;
    guest->cpus[0].regs.Rdi = store.gla;
    drive_blocked(guest, &store, "over the start of the table");
    drive_finish(guest);

    /* One table, which the second vCPU knows to be longer: all of it counts. */
    guest = guest_create(2);
    guest_set_idt(guest, 0, GLA_IDT, 0x7FF);
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "two vCPUs with one table and two limits"))
        return;
    value = 0x1E57;
    store = drive_gate_store(guest, 1, 100, &value);
    drive_blocked(guest, &store, "a gate that both vCPUs have");
    store = drive_gate_store(guest, 1, 200, &value);
    drive_blocked(guest, &store, "a gate that only the second vCPU has");
    drive_finish(guest);
}

/* What the instruction looks like makes no difference to stores whose bytes are known. */
void drive_hostile_code(void)
{
    static const struct {
        QWORD rip;
        const char *name;
    } cases[] = {
        {RIP_KERNEL(CODE_NOP), "RIP is at an instruction that stores nothing"},
        {RIP_KERNEL(CODE_LOAD8), "RIP is at a load"},
        {RIP_KERNEL(CODE_INVALID), "RIP is at bytes that are no instruction"},
        {GLA_UNMAPPED, "RIP is not mapped"},
        {0x0000800000000000ull, "RIP is not canonical"},
        {~0ull - 1, "RIP is at the end of the address space"},
        {GLA_KERNEL + 0x1FFFFF, "the instruction leaves the mapped memory"},
        {RIP_USER(0xFFE), "the instruction leaves the mapped page"},
    };
    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    guest->ram[0x1FFFFF] = 0x48;
    memcpy(guest->ram + GPA_USER_CODE + 0xFFE, "\x48\x89", 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        QWORD value = 0xBAD0 + i;
        struct store store = drive_gate_store(guest, 0, (unsigned)i + 1, &value);
        store.rip = cases[i].rip;
        const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, cases[i].name);
        CHECK_EQ(cases[i].rip, event->Header.CpuContext.Rip, "hostile code: RIP in the alert");
        CHECK_EQ(value, event->u.WriteInfo.NewValue[0], "hostile code: bytes in the alert");
        CHECK_EQ(i + 1, event->Victim.IdtEntry, "hostile code: gate in the alert");
    }

    /* Without the bytes, an instruction that cannot be read never lets a store through. */
    struct guest *other = guest_create(1);
    other->config.StoreCompletion = introCompletionRefetch;
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(other, OPTION_IDT), "a guest whose hypervisor executes again")) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            QWORD value = 1;
            struct store store = drive_gate_store(other, 0, 9, &value);
            store.rip = cases[i].rip, store.flags = 0, store.pushed = 0, store.data = NULL;
            struct outcome outcome = guest_store(other, &store);
            check(outcome.action != introGuestAllowed && outcome.action != introGuestAllowedVirtual, cases[i].name,
                  "executing again: status 0x%08X, action %d", (unsigned)outcome.status, (int)outcome.action);
        }
        drive_finish(other);
    } else {
        guest_destroy(other);
    }
    drive_finish(guest);
}
