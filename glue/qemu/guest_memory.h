/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Where the guest's RAM is: in the guest's physical address space, in QEMU's RAM block, in this process. */
#ifndef INTROCORE_QEMU_GUEST_MEMORY_H
#define INTROCORE_QEMU_GUEST_MEMORY_H

#include "introcore.h"
#include "qemu_internals.h"

#define PAGE_SIZE ((QWORD)4096)
#define LOW_RANGE_START 0x100000ull /* above the firmware's area with its holes and copies */

/** The ranges, in this order. All lie in one RAM block. */
enum { RANGE_BASE, RANGE_LOW, RANGE_HIGH, RANGE_COUNT };

/** One range of RAM. size is 0 where the machine has none. */
typedef struct GuestRange {
    QWORD gpa;
    QWORD size;
    QWORD block_offset; /* of its first byte in the RAM block */
    BYTE *host;
    bool can_guard; /* writes can be trapped there */
} GuestRange;

/** The guest's RAM. */
typedef struct GuestMemory {
    GuestRange ranges[RANGE_COUNT];
    MemoryRegion *region; /* the whole RAM block */
    QWORD size;           /* of the block */
    BYTE *host;           /* of the block's first byte */
} GuestMemory;

extern GuestMemory guest_memory;

/** Finds the RAM. Before anything is laid over it, under the big lock. Says why and returns false where there is none. */
bool guest_memory_find(void);

/** The range that has all of [gpa, gpa + length), or null. */
const GuestRange *guest_memory_range(QWORD gpa, QWORD length);

/** The guest-physical address of a byte of the RAM block; false for one that the guest does not see as RAM. */
bool guest_memory_gpa(QWORD block_offset, QWORD *gpa);

/** Number of the guest's last page of RAM. */
QWORD guest_memory_last_page(void);

#endif
