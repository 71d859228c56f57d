/* SPDX-License-Identifier: GPL-2.0-or-later */
/** What the engine wants to be told of writes to registers: the members of GLUE_IFACE for that, and what they have set. */
#ifndef INTROCORE_QEMU_REGISTER_SERVICES_H
#define INTROCORE_QEMU_REGISTER_SERVICES_H

#include <stdbool.h>

#include "instruction_match.h"
#include "introcore.h"

/** Kinds that are left out of GLUE_IFACE, for measuring and tests: the engine then has to look for itself. */
#define UNTRAPPED_CR 1u
#define UNTRAPPED_MSR 2u
#define UNTRAPPED_DTR 4u

/** Fills the members, but for those of the kinds in untrapped. */
void register_services_fill(GLUE_IFACE *glue, unsigned untrapped);

/** Whether descriptor-table exits are offered. */
bool register_services_has_dtr(void);

/** Whether the engine wants to be told of such an instruction. For WRMSR: of any register. Any thread, cheap. */
bool register_is_armed(WatchedInstruction instruction);

/** Whether it wants to be told of writes to this register. */
bool register_is_msr_armed(DWORD msr);

/** The handlers, or null. */
PFUNC_IntCrWriteCallback register_cr_handler(void);
PFUNC_IntMSRViolationCallback register_msr_handler(void);
PFUNC_IntXcrWriteCallback register_xcr_handler(void);
PFUNC_IntIntroDescriptorTableCallback register_dtr_handler(void);

#endif
