// SPDX-License-Identifier: GPL-2.0-or-later
// The type of region that lies over the guest's RAM and sends each page to one of the windows.

#include "guard_translator.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event_log.h"
#include "page_guard.h"

#define TYPE_TRANSLATOR "introcore-translator"

static MemoryRegion *translators[RANGE_COUNT];
static GuardWindows windows;

/** Of the check: what attrs_to_index answers, else 0; and the attributes that it was last given on the thread of the check. */
static int probe_index;
static __thread uint64_t probed_attrs;

/** QEMU asks where a page of a translating region is. Any thread. */
static IommuEntry translate(MemoryRegion *region, hwaddr offset, int flag, int index)
{
    const GuestRange *range = &guest_memory.ranges[region == translators[RANGE_LOW] ? RANGE_LOW : RANGE_HIGH];
    QWORD in_block = range->block_offset + offset, mask = GUARD_STRETCH - 1;
    hwaddr window = windows.plain;

    (void)flag;
    (void)index;
    // QEMU takes the low bits of the address from the offset, so that these have to be the same in the block.
    if (((offset ^ in_block) & mask) != 0 || page_guard_has_any(in_block)) {
        unsigned accesses = page_guard_of(in_block);

        mask = PAGE_SIZE - 1;
        if (accesses)
            window = accesses & PAGE_GUARD_READ ? windows.reading : windows.trap;
    }
    return (IommuEntry){.target_as = qemu.address_space_memory,
                        .iova = offset & ~mask,
                        .translated_addr = window + (in_block & ~mask),
                        .addr_mask = mask,
                        .permissions = IOMMU_READ_WRITE};
}

/** One translation for all accesses. QEMU calls this without asking whether it is there. */
static int attrs_to_index(MemoryRegion *region, MemTxAttrs attrs)
{
    (void)region;
    probed_attrs = attrs.bits;
    return probe_index;
}

static void *class_slot(ObjectClass *class, size_t offset)
{
    void *value;

    memcpy(&value, (char *)class + offset, sizeof value);
    return value;
}

static void translator_class_init(ObjectClass *class, void *data)
{
    IommuTranslate translate_function = translate;
    IommuAttrsToIndex index_function = attrs_to_index;

    (void)data;
    memcpy((char *)class + IOMMU_CLASS_TRANSLATE, &translate_function, sizeof translate_function);
    memcpy((char *)class + IOMMU_CLASS_ATTRS_TO_INDEX, &index_function, sizeof index_function);
}

bool guard_translator_register_type(void)
{
    static const TypeDescription type = {.name = TYPE_TRANSLATOR, .parent = TYPE_IOMMU_REGION,
                                         .class_init = translator_class_init};
    ObjectClass *known = qemu.object_class_by_name(TYPE_KNOWN_IOMMU_REGION);
    ObjectClass *parent = qemu.object_class_by_name(TYPE_IOMMU_REGION);

    // QEMU's own IOMMU fills exactly these two members among the first three; the abstract parent fills none.
    if (!known || !parent || class_slot(parent, IOMMU_CLASS_TRANSLATE) || class_slot(parent, IOMMU_CLASS_ATTRS_TO_INDEX) ||
        !class_slot(known, IOMMU_CLASS_TRANSLATE) || class_slot(known, IOMMU_CLASS_TRANSLATE + sizeof(void *)) ||
        !class_slot(known, IOMMU_CLASS_NOTIFY_FLAG_CHANGED)) {
        log_error("class of type %s is not laid out as expected (translate at %d); this build of QEMU is not supported",
                  TYPE_IOMMU_REGION, IOMMU_CLASS_TRANSLATE);
        return false;
    }
    qemu.type_register_static(&type);
    if (!qemu.object_class_by_name(TYPE_TRANSLATOR)) {
        log_error("QEMU did not accept the type %s", TYPE_TRANSLATOR);
        return false;
    }
    return true;
}

MemoryRegion *guard_translator_create(int range, const GuardWindows *targets)
{
    windows = *targets;
    translators[range] = calloc(1, OBJECT_SPACE);
    if (translators[range])
        qemu.memory_region_init_iommu(translators[range], OBJECT_SPACE, TYPE_TRANSLATOR, NULL, TYPE_TRANSLATOR,
                                      guest_memory.ranges[range].size);
    return translators[range];
}

bool guard_translator_check(int number)
{
    const GuestRange *range = &guest_memory.ranges[number];
    BYTE bytes[64];

    probe_index = 1; // any but the 0 that QEMU answers for a class without this function
    if (qemu.memory_region_iommu_attrs_to_index(translators[number], (MemTxAttrs){0}) != 1) {
        log_error("class of type %s is not laid out as expected (attrs_to_index at %d); this build of QEMU is not supported",
                  TYPE_IOMMU_REGION, IOMMU_CLASS_ATTRS_TO_INDEX);
        return false;
    }
    probe_index = 0;
    qemu.cpu_physical_memory_rw(range->gpa, bytes, sizeof bytes, false);
    // That was an access by nobody, of the kind by which a store of a device is told from a vCPU's.
    if ((probed_attrs & (qemu.attrs_unspecified | qemu.attrs_requester)) != qemu.attrs_unspecified) {
        log_error("an access without attributes has the attributes 0x%" PRIx64 "; this build of QEMU is not supported",
                  probed_attrs);
        return false;
    }
    if (memcmp(bytes, range->host, sizeof bytes) != 0) {
        log_error("RAM at 0x%" PRIx64 " does not read the same through the guard; this build of QEMU is not supported",
                  range->gpa);
        return false;
    }
    return true;
}
