/* SPDX-License-Identifier: GPL-2.0-or-later */
/** An instruction that loads a register that the engine watches. */
#ifndef INTROCORE_QEMU_REGISTER_EXIT_H
#define INTROCORE_QEMU_REGISTER_EXIT_H

#include "instruction_match.h"
#include "vcpu.h"

/** Called before the instruction, from translated code that goes on at return_address. Returns if the instruction is to be
 *  executed. */
void register_exit(Vcpu *vcpu, WatchedInstruction instruction, uintptr_t return_address);

#endif
