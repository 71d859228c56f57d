/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Trapping writes to single pages of the guest's RAM. See write_guard.c for how. */
#ifndef INTROCORE_QEMU_WRITE_GUARD_H
#define INTROCORE_QEMU_WRITE_GUARD_H

#include "guest_memory.h"
#include "introcore.h"

/** Registers and checks the type of the translating regions; when the plug-in is loaded. Says what is wrong otherwise. */
bool write_guard_register_type(void);

/** Lays the translating regions over the RAM that guest_memory_find has found. Once, under the big lock, with all vCPUs
 *  stopped. Says what is wrong and returns false otherwise. */
bool write_guard_install(void);

/** Makes a page trap, or not. Takes effect with write_guard_flush. NOT_SUPPORTED, with a line in the log, for a page that no
 *  translating region covers. */
INTSTATUS write_guard_set(QWORD gpa, bool is_guarded);

/** Whether writes to a page trap. */
bool write_guard_get(QWORD gpa);

/** Makes every change so far visible to all vCPUs: at once to the calling one, and to all if they are stopped; otherwise to the
 *  others as soon as they leave their current run of translated code. */
void write_guard_flush(void);

/** Writes to RAM past the guard, as the vCPU would have: code translated from there is dropped. */
void write_guard_store(QWORD block_offset, const void *data, unsigned size);

/** What traps; implemented in store_exit.c. offset is in the RAM block. */
MemTxResult store_exit(QWORD block_offset, uint64_t data, unsigned size, MemTxAttrs attrs);

#endif
