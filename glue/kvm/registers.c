// SPDX-License-Identifier: MIT
// Registers: out of kvm_run or KVM into the engine's structures, and back.

#include "registers.h"

#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#define EFER_LMA 0x400ull
#define SPECIAL (VCPU_REG_CR0 | VCPU_REG_CR2 | VCPU_REG_CR3 | VCPU_REG_CR4 | VCPU_REG_CR8 | VCPU_REG_EFER)
#define PUSHED                                                                                                            \
    (VCPU_REG_GPRS | VCPU_REG_RIP | VCPU_REG_FLAGS | SPECIAL | VCPU_REG_CS_TYPE | VCPU_REG_CPL | VCPU_REG_SEGMENTS |      \
     VCPU_REG_TABLES)

/** F(member of IG_ARCH_REGS, member of kvm_regs), in the order of the encoding. */
#define GENERAL_REGISTERS(F)                                                                                              \
    F(Rax, rax) F(Rcx, rcx) F(Rdx, rdx) F(Rbx, rbx) F(Rsp, rsp) F(Rbp, rbp) F(Rsi, rsi) F(Rdi, rdi) F(R8, r8) F(R9, r9)   \
    F(R10, r10) F(R11, r11) F(R12, r12) F(R13, r13) F(R14, r14) F(R15, r15)

#define BIT_OF(member) (1ull << (offsetof(IG_ARCH_REGS, member) / sizeof(QWORD)))

DWORD registers_cs_type(const struct kvm_sregs *special)
{
    if ((special->efer & EFER_LMA) && special->cs.l)
        return IG_CS_TYPE_64B;
    return special->cs.db ? IG_CS_TYPE_32B : IG_CS_TYPE_16B;
}

/** Access rights as in a VMCS. */
static WORD attributes_of(const struct kvm_segment *segment)
{
    return (WORD)(segment->type | segment->s << 4 | segment->dpl << 5 | segment->present << 7 | segment->avl << 12 |
                  segment->l << 13 | segment->db << 14 | segment->g << 15);
}

void registers_convert_segments(const struct kvm_sregs *special, VCPU_SEGMENT segments[6])
{
    const struct kvm_segment *const order[6] = {&special->cs, &special->ss, &special->ds,
                                                &special->es, &special->fs, &special->gs};

    for (int i = 0; i < 6; i++)
        segments[i] = (VCPU_SEGMENT){.Base = order[i]->base, .Limit = order[i]->limit, .Selector = order[i]->selector,
                                     .Attributes = attributes_of(order[i])};
}

void registers_convert(const struct kvm_regs *registers, const struct kvm_sregs *special, IG_ARCH_REGS *answer)
{
#define TAKE(ours, theirs) answer->ours = registers->theirs;
    GENERAL_REGISTERS(TAKE)
#undef TAKE
    answer->Rip = registers->rip;
    answer->Flags = registers->rflags;
    answer->Cr0 = special->cr0;
    answer->Cr2 = special->cr2;
    answer->Cr3 = special->cr3;
    answer->Cr4 = special->cr4;
    answer->Cr8 = special->cr8;
    answer->IdtBase = special->idt.base;
    answer->IdtLimit = special->idt.limit;
    answer->GdtBase = special->gdt.base;
    answer->GdtLimit = special->gdt.limit;
}

void registers_convert_back(const IG_ARCH_REGS *registers, QWORD mask, struct kvm_regs *answer)
{
#define GIVE(ours, theirs)                                                                                                \
    if (mask & BIT_OF(ours))                                                                                              \
        answer->theirs = registers->ours;
    GENERAL_REGISTERS(GIVE)
#undef GIVE
    if (mask & VCPU_REG_RIP)
        answer->rip = registers->Rip;
    if (mask & VCPU_REG_FLAGS)
        answer->rflags = registers->Flags;
}

void registers_push(Vcpu *vcpu)
{
    const struct kvm_sregs *special = &vcpu->run->s.regs.sregs;
    VCPU_STATE *record = vcpu->record;

    registers_convert(&vcpu->run->s.regs.regs, special, &record->Regs);
    registers_convert_segments(special, record->Segments);
    record->Ia32Efer = special->efer;
    record->CsType = registers_cs_type(special);
    record->Cpl = special->ss.dpl;
    record->ExitFlags = 0;
    record->ExitDataSize = 0;
    record->DirtyMask = 0;
    record->PushedMask = PUSHED;
}

QWORD registers_apply(Vcpu *vcpu, const IG_ARCH_REGS *registers, QWORD efer, QWORD mask)
{
    struct kvm_sregs *special = &vcpu->run->s.regs.sregs;

    if (mask & (VCPU_REG_GPRS | VCPU_REG_RIP | VCPU_REG_FLAGS)) {
        registers_convert_back(registers, mask, &vcpu->run->s.regs.regs);
        vcpu->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
    }
    if (mask & SPECIAL) {
        special->cr0 = mask & VCPU_REG_CR0 ? registers->Cr0 : special->cr0;
        special->cr2 = mask & VCPU_REG_CR2 ? registers->Cr2 : special->cr2;
        special->cr3 = mask & VCPU_REG_CR3 ? registers->Cr3 : special->cr3;
        special->cr4 = mask & VCPU_REG_CR4 ? registers->Cr4 : special->cr4;
        special->cr8 = mask & VCPU_REG_CR8 ? registers->Cr8 : special->cr8;
        special->efer = mask & VCPU_REG_EFER ? efer : special->efer;
        vcpu->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
    }
    return mask & ~(VCPU_REG_GPRS | VCPU_REG_RIP | VCPU_REG_FLAGS | SPECIAL);
}

bool registers_read(Vcpu *vcpu, struct kvm_regs *registers, struct kvm_sregs *special)
{
    if (vcpu->is_in_exit && vcpu == vcpu_current()) {
        *registers = vcpu->run->s.regs.regs;
        *special = vcpu->run->s.regs.sregs;
        return true;
    }
    return ioctl(vcpu->fd, KVM_GET_REGS, registers) == 0 && ioctl(vcpu->fd, KVM_GET_SREGS, special) == 0;
}

/* ---- model-specific registers ---------------------------------------------------------------------------------------- */

typedef struct OneMsr {
    struct kvm_msrs head;
    struct kvm_msr_entry entry;
} OneMsr;

bool registers_read_msr(const Vcpu *vcpu, DWORD msr, QWORD *value)
{
    OneMsr list = {.head = {.nmsrs = 1}, .entry = {.index = msr}};

    if (ioctl(vcpu->fd, KVM_GET_MSRS, &list) != 1)
        return false;
    *value = list.entry.data;
    return true;
}

bool registers_write_msr(const Vcpu *vcpu, DWORD msr, QWORD value)
{
    OneMsr list = {.head = {.nmsrs = 1}, .entry = {.index = msr, .data = value}};

    return ioctl(vcpu->fd, KVM_SET_MSRS, &list) == 1;
}
