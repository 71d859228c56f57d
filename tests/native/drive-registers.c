/* SPDX-License-Identifier: MIT */
/* Registers and addresses: pushed, queried, or worked out by the engine. */
#include "drive.h"

#include <string.h>
#include <strings.h>

#define VALUE 0xF00DF00DF00DF00Dull

/* Everything in the record: the engine asks for nothing. */
void drive_pushed(void)
{
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    QWORD value = VALUE;
    struct store store = drive_gate_store(guest, 1, 40, &value);
    unsigned queries = guest->counts[COUNT_QUERY];
    drive_blocked(guest, &store, "a blocked store, registers pushed");
    store.pushed = VCPU_REG_SUFFICIENT;
    drive_blocked(guest, &store, "a blocked store, just the sufficient registers pushed");
    CHECK_EQ(queries, guest->counts[COUNT_QUERY], "no query was needed");

    const VCPU_STATE *record = guest_record(guest, 1);
    CHECK_EQ(0, record->PushedMask, "PushedMask is cleared at the end of the exit");
    CHECK_EQ(0, record->ExitFlags, "ExitFlags are cleared at the end of the exit");
    CHECK_EQ(0, record->DirtyMask, "nothing was changed");

    /* What is missing is asked for, and what is pushed comes first. */
    guest->cpus[1].regs.Rdi = GATE_GLA(41);
    store = drive_gate_store(guest, 1, 41, &value);
    store.pushed = VCPU_REG_GPRS | VCPU_REG_RIP;
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, "a blocked store, some registers pushed");
    CHECK(guest->counts[COUNT_QUERY] > queries, "the others were asked for");
    CHECK_EQ(GPA_PML4, event->Header.CpuContext.Cr3, "the CR3 is the queried one");
    check(strcasecmp(event->Header.CpuContext.Instruction, "48 89 37  mov") == 0, "the instruction was found with both",
          "it is \"%.128s\"", event->Header.CpuContext.Instruction);
    drive_finish(guest);
}

/* What an alert shows where the engine does not know what would have been written. */
#define UNKNOWN_VALUE 0xBADDEADull

static void check_new_value(const EVENT_EPT_VIOLATION *event, QWORD expected, const char *name)
{
    QWORD shown = event->u.WriteInfo.NewValue[0];
    check(shown == expected || shown == UNKNOWN_VALUE, name, "it is 0x%llx, not 0x%llx", (unsigned long long)shown,
          (unsigned long long)expected);
}

/* A glue as the reference's: no record, no data, the linear address given; the hypervisor executes again what is allowed. */
void drive_queried(void)
{
    struct guest *guest = guest_create(2);
    guest->configure = false; /* the default: it executes again */
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest of a glue that pushes nothing"))
        return;
    QWORD value = VALUE;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    store.pushed = 0, store.flags = 0;
    QWORD old;
    memcpy(&old, guest->ram + store.gpa, 8);
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, "a store is blocked");
    CHECK_EQ(old, event->u.WriteInfo.OldValue[0], "queried: bytes before");
    CHECK_EQ(VALUE, event->u.WriteInfo.NewValue[0], "queried: the bytes come from the register");
    CHECK_EQ(8, event->u.WriteInfo.Size, "queried: the size comes from the instruction");
    CHECK_EQ(14, event->Victim.IdtEntry, "queried: gate");
    CHECK_EQ(RIP_KERNEL(CODE_MOV8), event->Header.CpuContext.Rip, "queried: RIP");
    CHECK_EQ(GLA_IDT, event->VirtualPage, "queried: page");
    CHECK_BYTES(&guest->cpus[0].regs, &event->ExecContext.Registers, 16 * sizeof(QWORD), "queried: registers");

    store = drive_gate_store(guest, 1, 15, &value);
    store.pushed = 0, store.flags = 0;
    event = drive_blocked(guest, &store, "a store of the other vCPU is blocked");
    CHECK_EQ(1, event->Header.CpuContext.Cpu, "queried: vCPU");
    CHECK_BYTES(&guest->cpus[1].regs, &event->ExecContext.Registers, 16 * sizeof(QWORD), "queried: its registers");

    QWORD same;
    memcpy(&same, guest->ram + GATE_GPA(30), 8);
    store = drive_gate_store(guest, 0, 30, &same);
    store.pushed = 0, store.flags = 0;
    drive_allowed(guest, &store, "a store of the bytes that are there happens");

    /* What is not worked out from registers counts as a change: the alert then shows a value of its own for that. */
    value = 0x100;
    store = drive_gate_store(guest, 0, 31, &value);
    store.pushed = 0, store.flags = 0, store.rip = RIP_KERNEL(CODE_LOCK_XOR), store.data = NULL;
    store.access = IG_EPT_HOOK_READ | IG_EPT_HOOK_WRITE;
    event = drive_blocked(guest, &store, "an xor that changes a gate is blocked");
    check_new_value(event, event->u.WriteInfo.OldValue[0] ^ 0x100, "queried: the result of the xor, or unknown");

    guest->cpus[0].regs.Rdi = GATE_GLA(50), guest->cpus[0].regs.Rcx = 16, guest->cpus[0].regs.Rax = 0xCC;
    store = (struct store){.rip = RIP_KERNEL(CODE_REP_STOSB), .gla = GATE_GLA(50), .gpa = GATE_GPA(50), .size = 16};
    drive_blocked(guest, &store, "a repeated store is blocked");

    guest->cpus[0].regs.Rsp = GATE_GLA(61), guest->cpus[0].regs.Rsi = VALUE;
    store = (struct store){.rip = RIP_KERNEL(CODE_PUSH), .gla = GATE_GLA(61) - 8, .gpa = GATE_GPA(61) - 8, .size = 8};
    event = drive_blocked(guest, &store, "a push onto a gate is blocked");
    CHECK_EQ(60, event->Victim.IdtEntry, "push: gate");
    check_new_value(event, VALUE, "push: bytes, or unknown");

    store = drive_gate_store(guest, 0, 0, &value);
    store.gla = GLA_KERNEL + GPA_DATA, store.gpa = GPA_DATA, store.pushed = 0, store.flags = 0;
    guest->cpus[0].regs.Rdi = store.gla;
    drive_allowed(guest, &store, "a store to memory that is not guarded happens");
    drive_finish(guest);
}

static void without_gla(struct guest *guest, const struct store *given, unsigned gate, QWORD page, const char *name)
{
    struct store store = *given;
    store.flags |= VCPU_EXIT_NO_GLA;
    store.pushed = PUSH_ALL | VCPU_REG_SEGMENTS;
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, name);
    CHECK_EQ(page, event->VirtualPage, "no linear address: page worked out from the operand");
    CHECK_EQ(store.gpa & 0xFFF, event->Offset, "no linear address: offset");
    CHECK_EQ(gate, event->Victim.IdtEntry, "no linear address: gate");
    CHECK_EQ(GPA_IDT, event->PhysicalPage, "no linear address: guest-physical page");
}

/* The hypervisor knows the guest-physical address alone. */
void drive_no_gla(void)
{
    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    struct vcpu *cpu = &guest->cpus[0];
    QWORD value = VALUE;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    without_gla(guest, &store, 14, GLA_IDT, "mov [rdi]");

    store = drive_gate_store(guest, 0, 15, &value);
    cpu->regs.Rdi = GLA_DIRECT + GATE_GPA(15);
    without_gla(guest, &store, 15, GLA_DIRECT + GPA_IDT, "mov [rdi] through another mapping");

    store = drive_gate_store(guest, 0, 16, &value);
    cpu->regs.Rcx = 5, cpu->regs.Rdi = GATE_GLA(16) - 0x10 - 5 * 8, store.rip = RIP_KERNEL(CODE_MOV8_INDEX);
    without_gla(guest, &store, 16, GLA_IDT, "mov [rdi+rcx*8+16]");

    store = drive_gate_store(guest, 0, 17, &value);
    cpu->segments.GsBase = GLA_IDT, cpu->regs.Rdi = 16 * 17, store.rip = RIP_KERNEL(CODE_MOV8_GS);
    without_gla(guest, &store, 17, GLA_IDT, "mov gs:[rdi]");

    store = drive_gate_store(guest, 0, 18, &value);
    cpu->regs.Rsp = GATE_GLA(18) + 8, store.rip = RIP_KERNEL(CODE_PUSH);
    without_gla(guest, &store, 18, GLA_IDT, "push");
    cpu->regs.Rsp = GLA_KERNEL + GPA_STACK + 0x800;

    store = drive_gate_store(guest, 0, 19, &value);
    cpu->regs.Rsi = GLA_KERNEL + GPA_DATA, store.rip = RIP_KERNEL(CODE_MOVSQ);
    without_gla(guest, &store, 19, GLA_IDT, "movsq: the operand that is written");

    /* An operand that leads elsewhere must not make the store pass. */
    store = drive_gate_store(guest, 0, 20, &value);
    cpu->regs.Rdi = GLA_KERNEL + GPA_DATA, store.flags |= VCPU_EXIT_NO_GLA;
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, "an operand that does not lead to the address of the exit");
    CHECK_EQ(20, event->Victim.IdtEntry, "the gate is that of the guest-physical address");
    drive_finish(guest);
}

/* RIP is past the instruction already, as with KVM. */
void drive_retired(void)
{
    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    QWORD value = VALUE;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    store.rip = RIP_KERNEL(CODE_MOV8_UD2 + 3);
    store.flags = VCPU_EXIT_DATA | VCPU_EXIT_RIP_RETIRED | VCPU_EXIT_NO_GLA;
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, "a store whose instruction is behind");
    CHECK_EQ(VALUE, event->u.WriteInfo.NewValue[0], "retired: bytes");
    CHECK_EQ(8, event->u.WriteInfo.Size, "retired: size");
    CHECK_EQ(14, event->Victim.IdtEntry, "retired: gate");
    check(strncasecmp(event->Header.CpuContext.Instruction, "0f 0b", 5) != 0, "retired: the next instruction is not blamed",
          "the alert says \"%.128s\"", event->Header.CpuContext.Instruction);
    memcpy(&value, guest->ram + GATE_GPA(15), 8);
    store = drive_gate_store(guest, 0, 15, &value);
    store.rip = RIP_KERNEL(CODE_MOV8_UD2 + 3);
    store.flags = VCPU_EXIT_DATA | VCPU_EXIT_RIP_RETIRED | VCPU_EXIT_NO_GLA;
    drive_allowed(guest, &store, "retired: the same bytes");

    /* Within REP the instruction is still at RIP. */
    BYTE byte = 0xCC;
    guest->cpus[0].regs.Rdi = GATE_GLA(16), guest->cpus[0].regs.Rcx = 4, guest->cpus[0].regs.Rax = byte;
    store = (struct store){.rip = RIP_KERNEL(CODE_REP_STOSB), .gla = GATE_GLA(16), .gpa = GATE_GPA(16), .data = &byte,
                           .size = 1, .pushed = PUSH_ALL, .flags = VCPU_EXIT_DATA | VCPU_EXIT_RIP_RETIRED};
    drive_blocked(guest, &store, "retired: a repeated store");
    drive_finish(guest);
}
