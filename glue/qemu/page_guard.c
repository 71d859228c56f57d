// SPDX-License-Identifier: GPL-2.0-or-later
// Trapping reads of and writes to single pages.
//
// A translating region (QEMU's model of an IOMMU) lies over the guest's RAM from 1 MiB up, and another one over the RAM above
// 4 GiB. It sends each page to one of three windows, far above of what the guest can address: one shows the RAM as it is,
// one shows the same RAM as a ROM device, whose reads and fetches go straight to memory and whose writes come to us first, and one
// is a device all of whose accesses come to us.
// So guarding a page is one bit and a flush of the TLBs; nothing is copied, and pages next to each other may differ.
//
// The windows must be in the address space that the vCPUs use, since a TLB entry numbers the regions of that one. Devices reach
// it too, so a guest that knew the address of the plain window could have a device write there. It cannot know: the address is
// random in each run.

#include "page_guard.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "event_log.h"
#include "guard_translator.h"
#include "guard_windows.h"

#define SHOWN_CHANGES 8

static _Atomic BYTE *guarded;   /* PAGE_GUARD_ bits of each page of the RAM block */
static atomic_uint *in_stretch; /* guarded pages of each stretch of the RAM block */
static unsigned changes, shown; /* since the last flush; under the big lock */

bool page_guard_register_type(void)
{
    return guard_translator_register_type();
}

bool page_guard_install(void)
{
    guarded = calloc(guest_memory.size / PAGE_SIZE, sizeof *guarded);
    in_stretch = calloc((guest_memory.size + GUARD_STRETCH - 1) / GUARD_STRETCH, sizeof *in_stretch);
    if (!guarded || !in_stretch) {
        log_error("no memory for the guard of pages");
        return false;
    }
    return guard_windows_install();
}

unsigned page_guard_of(QWORD block_offset)
{
    return atomic_load(&guarded[block_offset / PAGE_SIZE]);
}

bool page_guard_has_any(QWORD block_offset)
{
    return atomic_load(&in_stretch[block_offset / GUARD_STRETCH]) != 0;
}

void page_guard_store(QWORD block_offset, const void *data, unsigned size)
{
    guard_windows_store(block_offset, data, size);
}

void page_guard_was_written(QWORD gpa)
{
    const GuestRange *range = guest_memory_range(gpa & ~(PAGE_SIZE - 1), PAGE_SIZE);
    QWORD offset;

    if (!range)
        return;
    offset = range->block_offset + ((gpa & ~(PAGE_SIZE - 1)) - range->gpa);
    qemu_invalidate_code(guest_memory.host + offset, PAGE_SIZE);
    qemu.memory_region_set_dirty(guest_memory.region, offset, PAGE_SIZE);
}

static void show_change(QWORD gpa, unsigned accesses)
{
    static const char *const rights[] = {"rwx", "r-x", "-wx", "--x"};

    if (changes++ >= SHOWN_CHANGES)
        return;
    shown++;
    if (accesses)
        log_event("guard", "gpa=0x%" PRIx64 " rights=%s", gpa & ~(PAGE_SIZE - 1), rights[accesses]);
    else
        log_event("unguard", "gpa=0x%" PRIx64, gpa & ~(PAGE_SIZE - 1));
}

INTSTATUS page_guard_set(QWORD gpa, unsigned accesses)
{
    const GuestRange *range = guest_memory_range(gpa, 1);
    unsigned former;
    QWORD in_block;

    if (!range || !range->can_guard || !guarded) {
        if (!accesses)
            return INT_STATUS_SUCCESS; // nothing is guarded there
        log_error_limited("cannot guard gpa=0x%" PRIx64 ": %s", gpa,
                          range ? "RAM below 1 MiB is not covered by the guard" : "it is not RAM of the guest");
        return INT_STATUS_NOT_SUPPORTED;
    }
    in_block = range->block_offset + (gpa - range->gpa);
    former = atomic_exchange(&guarded[in_block / PAGE_SIZE], (BYTE)accesses);
    if (former == accesses)
        return INT_STATUS_SUCCESS;
    if (!former)
        atomic_fetch_add(&in_stretch[in_block / GUARD_STRETCH], 1);
    if (!accesses)
        atomic_fetch_sub(&in_stretch[in_block / GUARD_STRETCH], 1);
    show_change(gpa, accesses);
    return INT_STATUS_SUCCESS;
}

unsigned page_guard_get(QWORD gpa)
{
    const GuestRange *range = guest_memory_range(gpa, 1);

    return range && guarded ? page_guard_of(range->block_offset + (gpa - range->gpa)) : 0;
}

void page_guard_flush(void)
{
    CPUState *cpu;

    if (!changes)
        return;
    if (changes > shown)
        log_event("guard", "more-changes=%u", changes - shown);
    changes = shown = 0;
    for (int i = 0; (cpu = qemu.qemu_get_cpu(i)) != NULL; i++)
        qemu.tlb_flush(cpu);
}
