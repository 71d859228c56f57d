/* SPDX-License-Identifier: GPL-2.0-or-later */
/** An instruction of a page that must not be executed. */
#ifndef INTROCORE_QEMU_FETCH_EXIT_H
#define INTROCORE_QEMU_FETCH_EXIT_H

#include "instruction_match.h"
#include "vcpu.h"

/** Called before the instruction, from translated code that goes on at return_address; place is the instruction's offset in the
 *  RAM block. Returns if the instruction is to be executed. */
void fetch_exit(Vcpu *vcpu, WatchedInstruction instruction, uintptr_t return_address);

#endif
