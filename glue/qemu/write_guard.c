// SPDX-License-Identifier: GPL-2.0-or-later
// Trapping writes to single pages.
//
// A translating region (QEMU's model of an IOMMU) lies over the guest's RAM from 1 MiB up, and another one over the RAM above
// 4 GiB. It sends each page to one of two windows, far above of what the guest can address: one shows the RAM as it is, the
// other shows the same RAM as a ROM device, whose reads and fetches go straight to memory and whose writes come to us first.
// So guarding a page is one bit and a flush of the TLBs; nothing is copied, and pages next to each other may differ.
//
// The windows must be in the address space that the vCPUs use, since a TLB entry numbers the regions of that one. Devices reach
// it too, so a guest that knew the address of the plain window could have a device write there. It cannot know: the address is
// random in each run.

#include "write_guard.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "event_log.h"
#include "guard_windows.h"

#define SHOWN_CHANGES 8

static _Atomic BYTE *guarded;   /* one byte a page of the RAM block */
static atomic_uint *in_stretch; /* guarded pages of each stretch of the RAM block */
static unsigned changes, shown; /* since the last flush; under the big lock */

bool write_guard_register_type(void)
{
    return guard_windows_register_type();
}

bool write_guard_install(void)
{
    guarded = calloc(guest_memory.size / PAGE_SIZE, sizeof *guarded);
    in_stretch = calloc((guest_memory.size + GUARD_STRETCH - 1) / GUARD_STRETCH, sizeof *in_stretch);
    if (!guarded || !in_stretch) {
        log_error("no memory for the write guard");
        return false;
    }
    return guard_windows_install();
}

bool write_guard_has(QWORD block_offset)
{
    return atomic_load(&guarded[block_offset / PAGE_SIZE]);
}

bool write_guard_has_any(QWORD block_offset)
{
    return atomic_load(&in_stretch[block_offset / GUARD_STRETCH]) != 0;
}

void write_guard_store(QWORD block_offset, const void *data, unsigned size)
{
    guard_windows_store(block_offset, data, size);
}

INTSTATUS write_guard_set(QWORD gpa, bool is_guarded)
{
    const GuestRange *range = guest_memory_range(gpa, 1);
    QWORD in_block;

    if (!range || !range->can_guard || !guarded) {
        if (!is_guarded)
            return INT_STATUS_SUCCESS; // nothing is guarded there
        log_error_limited("cannot guard gpa=0x%" PRIx64 ": %s", gpa,
                          range ? "RAM below 1 MiB is not covered by the write guard" : "it is not RAM of the guest");
        return INT_STATUS_NOT_SUPPORTED;
    }
    in_block = range->block_offset + (gpa - range->gpa);
    if (atomic_exchange(&guarded[in_block / PAGE_SIZE], is_guarded) == is_guarded)
        return INT_STATUS_SUCCESS;
    if (is_guarded)
        atomic_fetch_add(&in_stretch[in_block / GUARD_STRETCH], 1);
    else
        atomic_fetch_sub(&in_stretch[in_block / GUARD_STRETCH], 1);
    if (changes++ < SHOWN_CHANGES) {
        log_event(is_guarded ? "guard" : "unguard", is_guarded ? "gpa=0x%" PRIx64 " rights=r-x" : "gpa=0x%" PRIx64,
                  gpa & ~(PAGE_SIZE - 1));
        shown++;
    }
    return INT_STATUS_SUCCESS;
}

bool write_guard_get(QWORD gpa)
{
    const GuestRange *range = guest_memory_range(gpa, 1);

    return range && guarded && atomic_load(&guarded[(range->block_offset + (gpa - range->gpa)) / PAGE_SIZE]);
}

void write_guard_flush(void)
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
