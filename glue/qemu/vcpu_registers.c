// SPDX-License-Identifier: GPL-2.0-or-later
// Registers of a vCPU: out of QEMU's state, and into it.

#include <string.h>

#include "vcpu.h"
#include "vcpu_fields.h"

#define FLAG_DF 0x400u
#define ARITHMETIC_FLAGS 0x8D5u /* CF PF AF ZF SF OF: computed lazily */

QWORD vcpu_read_gdb(const Vcpu *vcpu, int number)
{
    static __thread GByteArray *bytes;
    QWORD value = 0;
    int length;

    if (!bytes)
        bytes = g_byte_array_sized_new(16);
    g_byte_array_set_size(bytes, 0);
    length = qemu.x86_cpu_gdb_read_register(vcpu->cpu, bytes, number);
    memcpy(&value, bytes->data, length > (int)sizeof value ? sizeof value : (size_t)length);
    return value;
}

void vcpu_read_registers(const Vcpu *vcpu, IG_ARCH_REGS *registers)
{
    QemuX86State *state = vcpu->state;

    // Both sides are in the order of the instruction encoding.
    memcpy(&registers->Rax, state->regs, sizeof state->regs);
    registers->Rip = state->rip;
    registers->Flags = state->rflags | qemu.cpu_cc_compute_all(state, (int)state->cc_op) | ((uint32_t)state->df & FLAG_DF);
    registers->Cr0 = state->cr[0];
    registers->Cr2 = state->cr[2];
    registers->Cr3 = state->cr[3];
    registers->Cr4 = state->cr[4];
    registers->Cr8 = vcpu_read_gdb(vcpu, GDB_CR8);
}

void vcpu_read_tables(const Vcpu *vcpu, IG_ARCH_REGS *registers)
{
    registers->IdtBase = vcpu->state->idt.base;
    registers->IdtLimit = vcpu->state->idt.limit;
    registers->GdtBase = vcpu->state->gdt.base;
    registers->GdtLimit = vcpu->state->gdt.limit;
}

QWORD vcpu_read_efer(const Vcpu *vcpu)
{
    return vcpu_field_read(vcpu->cpu, FIELD_EFER);
}

QWORD vcpu_read_xcr0(const Vcpu *vcpu)
{
    return vcpu_field_read(vcpu->cpu, FIELD_XCR0);
}

QWORD vcpu_read_dr7(const Vcpu *vcpu)
{
    const uint64_t *registers = vcpu_field_address(vcpu->cpu, FIELD_DEBUG_REGISTERS);

    return registers[7];
}

void vcpu_read_segments(const Vcpu *vcpu, VCPU_SEGMENT segments[6])
{
    static const int order[6] = {QEMU_CS, QEMU_SS, QEMU_DS, QEMU_ES, QEMU_FS, QEMU_GS};

    for (int i = 0; i < 6; i++) {
        const QemuSegment *from = &vcpu->state->segments[order[i]];

        // Type, S, DPL and P are bits 8 to 15 of a descriptor's second word, AVL, L, D and G bits 20 to 23.
        segments[i] = (VCPU_SEGMENT){.Base = from->base, .Limit = from->limit, .Selector = (WORD)from->selector,
                                     .Attributes = (WORD)(from->flags >> 8 & 0xF0FF)};
    }
}

DWORD vcpu_cs_type(const Vcpu *vcpu)
{
    if (vcpu->state->hflags & HFLAGS_CS64)
        return IG_CS_TYPE_64B;
    return vcpu->state->hflags & HFLAGS_CS32 ? IG_CS_TYPE_32B : IG_CS_TYPE_16B;
}

QWORD vcpu_linear_rip(const Vcpu *vcpu)
{
    if (vcpu->state->hflags & HFLAGS_CS64)
        return vcpu->state->rip;
    return (uint32_t)(vcpu->state->rip + vcpu->state->segments[QEMU_CS].base);
}

DWORD vcpu_cpl(const Vcpu *vcpu)
{
    return vcpu->state->hflags & HFLAGS_CPL_MASK;
}

QWORD vcpu_write_registers(Vcpu *vcpu, const IG_ARCH_REGS *registers, QWORD mask)
{
    QemuX86State *state = vcpu->state;
    const QWORD *values = &registers->Rax;

    for (int i = 0; i < 16; i++)
        if (mask & 1ull << i)
            state->regs[i] = values[i];
    if (mask & VCPU_REG_RIP)
        state->rip = registers->Rip;
    if (mask & VCPU_REG_FLAGS) {
        state->cc_op = qemu.cc_op_in_cc_src;
        state->cc_src = registers->Flags & ARITHMETIC_FLAGS;
        state->df = registers->Flags & FLAG_DF ? -1 : 1;
        state->rflags = registers->Flags & ~(QWORD)(ARITHMETIC_FLAGS | FLAG_DF);
    }
    return mask & ~(VCPU_REG_GPRS | VCPU_REG_RIP | VCPU_REG_FLAGS);
}

void vcpu_skip(Vcpu *vcpu, unsigned length)
{
    QWORD next = vcpu->state->rip + length;

    vcpu->state->rip = vcpu->state->hflags & HFLAGS_CS64 ? next : (uint32_t)next;
}
