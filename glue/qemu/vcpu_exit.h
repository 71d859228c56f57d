/* SPDX-License-Identifier: GPL-2.0-or-later */
/** What all exits of a vCPU have in common: the record before, the engine's wishes afterwards. Under the big lock. */
#ifndef INTROCORE_QEMU_VCPU_EXIT_H
#define INTROCORE_QEMU_VCPU_EXIT_H

#include "vcpu.h"

/** Fills the vCPU's record with everything that the engine may want to know, so that it has to ask for nothing. The registers
 *  must be restored. */
void vcpu_exit_begin(Vcpu *vcpu);

/** After the handler: logs a failure of it. what names the handler's exit. */
void vcpu_exit_end(Vcpu *vcpu, const char *what, INTSTATUS status, INTRO_ACTION action);

/** Whether the instruction is to be executed again. An answer that never changes would stop the guest: after many in a row this
 *  is false. */
bool vcpu_exit_is_retried(Vcpu *vcpu, INTRO_ACTION action);

/** VCPU_REG_ bits of the registers that the engine wants to be changed; forgets the wish. */
QWORD vcpu_exit_take_changes(Vcpu *vcpu);

/** Sets registers from the record. The instruction must be left then. */
void vcpu_exit_set_registers(Vcpu *vcpu, QWORD mask);

/** Carries out the changes that the engine wants in the exit of a memory access: the instruction is over then, and RIP behind it
 *  unless the engine has set it. Returns whether the instruction has to be left. */
bool vcpu_exit_apply(Vcpu *vcpu, StoreOrigin origin);

#endif
