/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Members of QEMU's CPU object, found by the names that QEMU gives them in its snapshots. */
#ifndef INTROCORE_QEMU_VCPU_FIELDS_H
#define INTROCORE_QEMU_VCPU_FIELDS_H

#include "qemu_internals.h"

/** F(identifier, name, bytes) for every member that is used on its own. */
#define VCPU_FIELDS(F)                                                                                                    \
    F(FIELD_REGISTERS, "env.regs", 8)                                                                                     \
    F(FIELD_DEBUG_REGISTERS, "env.dr", 8)                                                                                 \
    F(FIELD_EFER, "env.efer", 8)                                                                                          \
    F(FIELD_STAR, "env.star", 8)                                                                                          \
    F(FIELD_LSTAR, "env.lstar", 8)                                                                                        \
    F(FIELD_CSTAR, "env.cstar", 8)                                                                                        \
    F(FIELD_FMASK, "env.fmask", 8)                                                                                        \
    F(FIELD_KERNEL_GS_BASE, "env.kernelgsbase", 8)                                                                        \
    F(FIELD_SYSENTER_CS, "env.sysenter_cs", 4)                                                                            \
    F(FIELD_SYSENTER_ESP, "env.sysenter_esp", 8)                                                                          \
    F(FIELD_SYSENTER_EIP, "env.sysenter_eip", 8)                                                                          \
    F(FIELD_PAT, "env.pat", 8)                                                                                            \
    F(FIELD_TSC_AUX, "env.tsc_aux", 8)                                                                                    \
    F(FIELD_XCR0, "env.xcr0", 8)

typedef enum VcpuField {
#define FIELD_IDENTIFIER(identifier, name, bytes) identifier,
    VCPU_FIELDS(FIELD_IDENTIFIER)
#undef FIELD_IDENTIFIER
    FIELD_COUNT
} VcpuField;

/** Finds all of them, and checks that QemuX86State has its members where QEMU has them. Says what is wrong otherwise. */
bool vcpu_fields_resolve(void);

/** The address of a member in a CPU object. */
void *vcpu_field_address(CPUState *cpu, VcpuField field);

/** The value of a member; QEMU's own order of bytes. */
uint64_t vcpu_field_read(CPUState *cpu, VcpuField field);

/** Sets a member, cut to its size. */
void vcpu_field_write(CPUState *cpu, VcpuField field, uint64_t value);

#endif
