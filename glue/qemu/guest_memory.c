// SPDX-License-Identifier: GPL-2.0-or-later
// Finding the guest's RAM by asking QEMU to map the three places where a PC has it.

#include "guest_memory.h"

#include <inttypes.h>

#include "event_log.h"

#define BASE_RANGE_END 0xA0000ull
#define HIGH_RANGE_START 0x100000000ull

GuestMemory guest_memory;

/** Fills one range from what lies at gpa; leaves it empty if that is not RAM of the known block. */
static void find_range(GuestRange *range, QWORD gpa, QWORD longest, bool can_guard)
{
    hwaddr length = longest;
    uint64_t offset;
    void *host = qemu.cpu_physical_memory_map(gpa, &length, false);
    MemoryRegion *region;

    *range = (GuestRange){.gpa = gpa};
    if (!host)
        return;
    // What is not RAM would have been read into a buffer of QEMU's, which belongs to no region.
    region = qemu.memory_region_from_host(host, &offset);
    qemu.cpu_physical_memory_unmap(host, length, false, 0);
    if (!region || (guest_memory.region && region != guest_memory.region))
        return;
    guest_memory.region = region;
    range->size = length & ~(PAGE_SIZE - 1);
    range->block_offset = offset;
    range->host = host;
    range->can_guard = can_guard;
}

bool guest_memory_find(void)
{
    GuestRange *ranges = guest_memory.ranges;
    QWORD covered;

    guest_memory.region = NULL;
    find_range(&ranges[RANGE_LOW], LOW_RANGE_START, HIGH_RANGE_START - LOW_RANGE_START, true);
    if (!ranges[RANGE_LOW].size) {
        log_error("there is no RAM at 0x%llx: this machine type is not supported; use pc or q35", LOW_RANGE_START);
        return false;
    }
    find_range(&ranges[RANGE_BASE], 0, BASE_RANGE_END, false);
    find_range(&ranges[RANGE_HIGH], HIGH_RANGE_START, UINT64_MAX / 2, true);
    guest_memory.size = qemu.memory_region_size(guest_memory.region);
    guest_memory.host = qemu.memory_region_get_ram_ptr(guest_memory.region);
    covered = ranges[RANGE_LOW].size + ranges[RANGE_HIGH].size + LOW_RANGE_START;
    if (covered < guest_memory.size)
        log_error("%" PRIu64 " of %" PRIu64 " bytes of RAM are out of reach: they can be neither read nor guarded",
                  guest_memory.size - covered, guest_memory.size);
    return true;
}

const GuestRange *guest_memory_range(QWORD gpa, QWORD length)
{
    for (int i = 0; i < RANGE_COUNT; i++) {
        const GuestRange *range = &guest_memory.ranges[i];

        if (gpa >= range->gpa && gpa - range->gpa < range->size && length <= range->size - (gpa - range->gpa))
            return range;
    }
    return NULL;
}

bool guest_memory_gpa(QWORD block_offset, QWORD *gpa)
{
    for (int i = 0; i < RANGE_COUNT; i++) {
        const GuestRange *range = &guest_memory.ranges[i];

        if (block_offset >= range->block_offset && block_offset - range->block_offset < range->size) {
            *gpa = range->gpa + (block_offset - range->block_offset);
            return true;
        }
    }
    return false;
}

QWORD guest_memory_last_page(void)
{
    const GuestRange *last = &guest_memory.ranges[guest_memory.ranges[RANGE_HIGH].size ? RANGE_HIGH : RANGE_LOW];

    return (last->gpa + last->size - 1) / PAGE_SIZE;
}
