/* SPDX-License-Identifier: MIT */
/* Guarding the interrupt descriptor table, and what an alert says. */
#include "drive.h"

#include <string.h>
#include <strings.h>

#define VALUE 0x1122334455667788ull

void drive_guard(void)
{
    struct guest *guest = guest_create(2);
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "NewGuestNotification");
    CHECK_EQ(1, guest->counts[COUNT_ACTIVATED], "NotifyIntrospectionActivated is called once");
    CHECK_EQ(0, guest->counts[COUNT_DEACTIVATED], "NotifyIntrospectionDeactivated is not called");
    CHECK_EQ(5, guest->rights[GPA_IDT >> 12], "the frame of the table may be read and executed, but not written");
    unsigned withdrawn = 0;
    for (size_t frame = 0; frame < GUEST_FRAMES; frame++)
        withdrawn += (guest->rights[frame] & 2) == 0;
    CHECK_EQ(1, withdrawn, "nothing but the table is guarded");
    CHECK_EQ(7, guest->rights[GPA_DATA >> 12], "other memory is free");
    CHECK(atomic_load(&guest->ept_handler) != NULL, "a handler is registered");
    CHECK_EQ(1, guest->counts[COUNT_REGISTER_EPT], "the handler is registered once for the guest");
    CHECK_EQ(guest->counts[COUNT_PAUSE], guest->counts[COUNT_RESUME], "every pause was followed by a resume");

    QWORD value = VALUE;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    drive_blocked(guest, &store, "a store to a gate is blocked, through the registered handler");
    guest->use_exports = true;
    store = drive_gate_store(guest, 1, 0, &value);
    drive_blocked(guest, &store, "and through IntHandleEptViolation, first gate");
    store = drive_gate_store(guest, 1, 255, &value);
    drive_blocked(guest, &store, "and the last gate");
    drive_finish(guest);
}

static void check_header(const INTRO_VIOLATION_HEADER *header, unsigned cpu)
{
    CHECK_EQ(INTRO_VIOLATION_VERSION, header->ViolationVersion, "alert: version of the format");
    CHECK_EQ(INTROCORE_VERSION_MAJOR, header->VerInfo.IntroMajor, "alert: engine's major version");
    CHECK_EQ(INTROCORE_VERSION_MINOR, header->VerInfo.IntroMinor, "alert: engine's minor version");
    CHECK_EQ(introGuestNotAllowed, header->Action, "alert: action");
    CHECK(header->Reason >= introReasonAllowedFeedback && header->Reason <= introReasonUnknown, "alert: a reason against it");
    CHECK_EQ(TRUE, header->CpuContext.Valid, "alert: a vCPU was involved");
    CHECK_EQ(cpu, header->CpuContext.Cpu, "alert: vCPU");
    CHECK_EQ(RIP_KERNEL(CODE_MOV8), header->CpuContext.Rip, "alert: RIP");
    CHECK_EQ(GPA_PML4, header->CpuContext.Cr3, "alert: CR3");
    check(strcasecmp(header->CpuContext.Instruction, "48 89 37  mov") == 0, "alert: text of the instruction", "it is \"%.128s\"",
          header->CpuContext.Instruction);
    CHECK_EQ(FALSE, header->CurrentProcess.Valid, "alert: no process is known");
    CHECK_EQ(idRootkit, header->MitreID, "alert: technique");
}

static void check_place(const EVENT_EPT_VIOLATION *event, unsigned gate, unsigned offset)
{
    CHECK_EQ(introObjectTypeIdt, event->Victim.Type, "alert: the victim is an IDT");
    CHECK_EQ(gate, event->Victim.IdtEntry, "alert: number of the gate");
    CHECK_EQ(INTRO_EPT_WRITE, event->Violation, "alert: a write");
    CHECK_EQ(ZONE_WRITE, event->ZoneTypes, "alert: zone");
    CHECK_EQ(GLA_IDT, event->HookStartVirtual, "alert: linear address of the table");
    CHECK_EQ(GPA_IDT, event->HookStartPhysical, "alert: guest-physical address of the table");
    CHECK_EQ(GLA_IDT, event->VirtualPage, "alert: linear page of the access");
    CHECK_EQ(GPA_IDT, event->PhysicalPage, "alert: guest-physical page of the access");
    CHECK_EQ(16 * gate + offset, event->Offset, "alert: offset in the page");
}

static void check_context(const EVENT_EPT_VIOLATION *event, const struct guest *guest, unsigned cpu)
{
    const INTRO_EXEC_CONTEXT *context = &event->ExecContext;
    const IG_ARCH_REGS *regs = &guest->cpus[cpu].regs;
    CHECK_EQ(IG_CS_TYPE_64B, context->CsType, "alert: code segment");
    CHECK_BYTES(regs, &context->Registers, 16 * sizeof(QWORD), "alert: general-purpose registers");
    CHECK_EQ(regs->Flags, context->Registers.RegFlags, "alert: flags");
    CHECK_EQ(RIP_KERNEL(CODE_MOV8), context->Registers.RegRip, "alert: RIP among the registers");
    CHECK(context->Registers.RegCr2 != 0xEEEEEEEEEEEEEEEEull && context->Registers.RegDr7 != 0xEEEEEEEEEEEEEEEEull,
          "alert: a register that was not pushed is not taken from the record");
    CHECK(memcmp(context->RipCode, guest->ram + GPA_CODE, sizeof context->RipCode) == 0, "alert: the page of code around RIP");
}

void drive_alert(void)
{
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    QWORD value = VALUE, old;
    memcpy(&old, guest->ram + GATE_GPA(14), 8);
    struct store store = drive_gate_store(guest, 0, 14, &value);
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, "a store to gate 14");
    CHECK_EQ(introEventEptViolation, guest->alert_class, "alert: class of the event");
    CHECK_EQ(sizeof *event, guest->alert_size, "alert: size of the event");
    check_header(&event->Header, 0);
    CHECK_EQ(0, event->Header.Flags, "alert: ring 0, no log-only: no flag");
    check_place(event, 14, 0);
    CHECK_EQ(8, event->u.WriteInfo.Size, "alert: size of the store");
    CHECK_EQ(old, event->u.WriteInfo.OldValue[0], "alert: bytes before");
    CHECK_EQ(VALUE, event->u.WriteInfo.NewValue[0], "alert: bytes of the store");
    CHECK_EQ(0, event->u.WriteInfo.OldValue[1] | event->u.WriteInfo.NewValue[1], "alert: nothing beyond the store");
    check_context(event, guest, 0);

    /* Another vCPU, another place: nothing of the first alert may be left. */
    store = drive_gate_store(guest, 1, 200, &value);
    store.gla += 4, store.gpa += 4, store.size = 2, store.rip = RIP_KERNEL(CODE_MOV2);
    guest->cpus[1].regs.Rdi = store.gla;
    memcpy(&old, guest->ram + store.gpa, 8);
    event = drive_blocked(guest, &store, "a store of two bytes to gate 200 by vCPU 1");
    check_place(event, 200, 4);
    CHECK_EQ(1, event->Header.CpuContext.Cpu, "second alert: vCPU");
    CHECK_EQ(RIP_KERNEL(CODE_MOV2), event->Header.CpuContext.Rip, "second alert: RIP");
    check(strcasecmp(event->Header.CpuContext.Instruction, "66 89 37  mov") == 0, "second alert: text of the instruction",
          "it is \"%.128s\"", event->Header.CpuContext.Instruction);
    CHECK_EQ(2, event->u.WriteInfo.Size, "second alert: size of the store");
    CHECK_EQ(old & 0xFFFF, event->u.WriteInfo.OldValue[0], "second alert: bytes before");
    CHECK_EQ(VALUE & 0xFFFF, event->u.WriteInfo.NewValue[0], "second alert: bytes of the store");

    /* A store over the border of two gates belongs to the first of them. */
    store = drive_gate_store(guest, 0, 20, &value);
    store.gla += 12, store.gpa += 12;
    guest->cpus[0].regs.Rdi = store.gla;
    event = drive_blocked(guest, &store, "a store over the border of gates 20 and 21");
    check_place(event, 20, 12);

    /* Through another mapping of the same frame. */
    store = drive_gate_store(guest, 0, 33, &value);
    store.gla = GLA_DIRECT + store.gpa;
    guest->cpus[0].regs.Rdi = store.gla;
    event = drive_blocked(guest, &store, "a store through another mapping of the frame");
    CHECK_EQ(33, event->Victim.IdtEntry, "alias: number of the gate");
    CHECK_EQ(GLA_IDT, event->HookStartVirtual, "alias: linear address of the table");
    CHECK_EQ(GLA_DIRECT + GPA_IDT, event->VirtualPage, "alias: linear page of the access");
    drive_finish(guest);
}

void drive_alert_rings(void)
{
    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    QWORD value = VALUE;
    struct store store = drive_gate_store(guest, 0, 5, &value);
    guest->cpus[0].cpl = 3;
    store.rip = RIP_USER(CODE_MOV8);
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, "a store by ring 3");
    CHECK_EQ(ALERT_FLAG_NOT_RING0, event->Header.Flags, "ring 3: the flag says so");
    CHECK_EQ(RIP_USER(CODE_MOV8), event->Header.CpuContext.Rip, "ring 3: RIP");
    check(strcasecmp(event->Header.CpuContext.Instruction, "48 89 37  mov") == 0, "ring 3: text of the instruction",
          "it is \"%.128s\"", event->Header.CpuContext.Instruction);
    guest->cpus[0].cpl = 0;
    store.rip = RIP_KERNEL(CODE_MOV8);
    event = drive_blocked(guest, &store, "a store by ring 0 after that");
    CHECK_EQ(0, event->Header.Flags, "ring 0: no flag");

    /* The ring queried instead of pushed. */
    guest->cpus[0].cpl = 3;
    store.pushed = 0, store.rip = RIP_USER(CODE_MOV8);
    event = drive_blocked(guest, &store, "a store by ring 3, nothing pushed");
    CHECK_EQ(ALERT_FLAG_NOT_RING0, event->Header.Flags, "ring 3, queried: the flag says so");
    drive_finish(guest);
}
