/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Telling that the guest's kernel hands over to another one (kexec). */
#ifndef INTROCORE_QEMU_KEXEC_H
#define INTROCORE_QEMU_KEXEC_H

#include "instruction_match.h"
#include "vcpu.h"

/** Whether an instruction may be the sign of it. Cheap; for instructions of any mode. */
bool kexec_is_watched(WatchedInstruction instruction);

/** Whether this one, which is about to be executed, is the sign. The registers must be restored. */
bool kexec_begins(const Vcpu *vcpu, WatchedInstruction instruction);

#endif
