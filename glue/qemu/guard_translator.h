/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The regions that send each page of the guest's RAM to a window; guard_windows.c alone uses them. */
#ifndef INTROCORE_QEMU_GUARD_TRANSLATOR_H
#define INTROCORE_QEMU_GUARD_TRANSLATOR_H

#include "guest_memory.h"

/** The answer for a stretch of this size without a guarded page is given at once: devices' transfers are cut up less. */
#define GUARD_STRETCH (1ull << 20)

/** Where the windows begin. In each, a byte of the RAM block is at its offset. */
typedef struct GuardWindows {
    hwaddr plain;   /* the RAM as it is */
    hwaddr trap;    /* writes come to us */
    hwaddr reading; /* all accesses do */
} GuardWindows;

/** Registers and checks the type; when the plug-in is loaded. Says what is wrong otherwise. */
bool guard_translator_register_type(void);

/** Makes the region for one of the ranges of RAM; null without memory. */
MemoryRegion *guard_translator_create(int range, const GuardWindows *targets);

/** Checks a region once it lies over its range: QEMU asks it, and the RAM reads the same. Says what is wrong otherwise. */
bool guard_translator_check(int range);

#endif
