/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Trapping reads of and writes to single pages of the guest's RAM. See page_guard.c for how. */
#ifndef INTROCORE_QEMU_PAGE_GUARD_H
#define INTROCORE_QEMU_PAGE_GUARD_H

#include "guest_memory.h"
#include "introcore.h"

/** Registers and checks the type of the translating regions; when the plug-in is loaded. Says what is wrong otherwise. */
bool page_guard_register_type(void);

/** Lays the translating regions over the RAM that guest_memory_find has found. Once, under the big lock, with all vCPUs
 *  stopped. Says what is wrong and returns false otherwise. */
bool page_guard_install(void);

/** What traps in a page. */
#define PAGE_GUARD_WRITE 1u
#define PAGE_GUARD_READ 2u

/** Makes these accesses to a page trap, and the others not. Takes effect with page_guard_flush. NOT_SUPPORTED, with a line in the
 *  log, for a page that no translating region covers. */
INTSTATUS page_guard_set(QWORD gpa, unsigned accesses);

/** The accesses to a page that trap. */
unsigned page_guard_get(QWORD gpa);

/** Makes every change so far visible to all vCPUs: at once to the calling one, and to all if they are stopped; otherwise to the
 *  others as soon as they leave their current run of translated code. */
void page_guard_flush(void);

/** Writes to RAM past the guard, as the vCPU would have: code translated from there is dropped. */
void page_guard_store(QWORD block_offset, const void *data, unsigned size);

/** The engine has written to the page of this guest-physical address: code translated from there is dropped, and the page counts as
 *  changed. */
void page_guard_was_written(QWORD gpa);

/** What traps; implemented in store_exit.c and read_exit.c. A store arrives at store_exit also where only reads are to trap. */
MemTxResult store_exit(QWORD block_offset, uint64_t data, unsigned size, MemTxAttrs attrs);
MemTxResult read_exit(QWORD block_offset, uint64_t *data, unsigned size, MemTxAttrs attrs);

/** The accesses to a page that trap, by offset in the RAM block; and whether there are any in its stretch. */
unsigned page_guard_of(QWORD block_offset);
bool page_guard_has_any(QWORD block_offset);

#endif
