/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Trapping the execution of single pages of the guest's RAM. See fetch_guard.c for how. */
#ifndef INTROCORE_QEMU_FETCH_GUARD_H
#define INTROCORE_QEMU_FETCH_GUARD_H

#include "guest_memory.h"
#include "introcore.h"

/** Makes every instruction trap that begins in this page, or not. Takes effect with fetch_guard_flush. Under the big lock. */
INTSTATUS fetch_guard_set(QWORD gpa, bool is_guarded);

/** Whether instructions of a page trap. */
bool fetch_guard_get(QWORD gpa);

/** Makes every change so far visible to all vCPUs: at once where they are stopped, otherwise as soon as each leaves its current
 *  run of translated code. Under the big lock. */
void fetch_guard_flush(void);

/** Asked by vCPUs, by offset in the RAM block; and whether there is any such page at all. */
bool fetch_guard_has(QWORD block_offset);
bool fetch_guard_is_used(void);

#endif
