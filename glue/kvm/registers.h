/* SPDX-License-Identifier: MIT */
/** Registers: out of kvm_run or KVM into the engine's structures, and back. */
#ifndef INTROKVM_REGISTERS_H
#define INTROKVM_REGISTERS_H

#include "vm.h"

/** Fills the vCPU's record with the registers of the exit, and clears what the last one has left there. */
void registers_push(Vcpu *vcpu);

/** Registers of an exit that the engine has changed: takes effect with the next KVM_RUN. mask: VCPU_REG_ bits; returns those that
 *  cannot be changed. */
QWORD registers_apply(Vcpu *vcpu, const IG_ARCH_REGS *registers, QWORD efer, QWORD mask);

/** The registers of a vCPU: in its own exit those of kvm_run, else KVM's, where the vCPU must be outside. False: KVM refuses. */
bool registers_read(Vcpu *vcpu, struct kvm_regs *registers, struct kvm_sregs *special);

/** Model-specific registers, past the filter. False: there is none, or it refuses the value. */
bool registers_read_msr(const Vcpu *vcpu, DWORD msr, QWORD *value);
bool registers_write_msr(const Vcpu *vcpu, DWORD msr, QWORD value);

/** Conversions. */
void registers_convert(const struct kvm_regs *registers, const struct kvm_sregs *special, IG_ARCH_REGS *answer);
void registers_convert_back(const IG_ARCH_REGS *registers, QWORD mask, struct kvm_regs *answer);
void registers_convert_segments(const struct kvm_sregs *special, VCPU_SEGMENT segments[6]);
DWORD registers_cs_type(const struct kvm_sregs *special);

#endif
