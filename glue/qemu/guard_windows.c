// SPDX-License-Identifier: GPL-2.0-or-later
// The regions behind the write guard: the type that translates, the two windows, and how they are laid over the RAM.

#include "guard_windows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "event_log.h"
#include "guest_memory.h"
#include "write_guard.h"

#define TYPE_TRANSLATOR "introcore-translator"
#define TRANSLATOR_PRIORITY 50
#define WINDOW_PRIORITY 100

// Windows are aligned to 1 TiB and lie in [1 << 53, 1 << 61) and [1 << 61, 1 << 62).
#define WINDOW_ALIGNMENT (1ull << 40)
#define PLAIN_WINDOW_START (1ull << 53)
#define PLAIN_WINDOW_END (1ull << 61)
#define TRAP_WINDOW_END (1ull << 62)

static MemoryRegion *translators[RANGE_COUNT];
static hwaddr plain_window, trap_window;

/** Of the check: what attrs_to_index answers, else 0; and the attributes that it was last given on the thread of the check. */
static int probe_index;
static __thread uint64_t probed_attrs;

/* ---- the type ----------------------------------------------------------------------------------------------------- */

/** QEMU asks where a page of a translating region is. Any thread. */
static IommuEntry translate(MemoryRegion *region, hwaddr offset, int flag, int index)
{
    const GuestRange *range = &guest_memory.ranges[region == translators[RANGE_LOW] ? RANGE_LOW : RANGE_HIGH];
    QWORD in_block = range->block_offset + offset, mask = GUARD_STRETCH - 1;
    hwaddr window = plain_window;

    (void)flag;
    (void)index;
    // QEMU takes the low bits of the address from the offset, so that these have to be the same in the block.
    if (((offset ^ in_block) & mask) != 0 || write_guard_has_any(in_block)) {
        mask = PAGE_SIZE - 1;
        if (write_guard_has(in_block))
            window = trap_window;
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

bool guard_windows_register_type(void)
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

/* ---- the windows -------------------------------------------------------------------------------------------------- */

/** Reads of the trap window that QEMU does not do directly. */
static MemTxResult trapped_read(void *opaque, hwaddr offset, uint64_t *data, unsigned size, MemTxAttrs attrs)
{
    (void)opaque;
    (void)attrs;
    *data = 0;
    memcpy(data, guest_memory.host + offset, size);
    return MEMTX_DONE;
}

static MemTxResult trapped_write(void *opaque, hwaddr offset, uint64_t data, unsigned size, MemTxAttrs attrs)
{
    (void)opaque;
    return store_exit(offset, data, size, attrs);
}

static const MemoryRegionOps trap_operations = {
    .read_with_attrs = trapped_read,
    .write_with_attrs = trapped_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 8, .unaligned = true},
    .impl = {.min_access_size = 1, .max_access_size = 8, .unaligned = true},
};

/** Memory for an object of QEMU's that is initialised in place and never freed. */
static MemoryRegion *allocate_region(void)
{
    return calloc(1, OBJECT_SPACE);
}

/** How long an object of QEMU's for a memory region is: it is cleared as a whole before it is initialised. */
static size_t region_size(void)
{
    static BYTE space[OBJECT_SPACE];
    size_t size = OBJECT_SPACE;

    memset(space, 0xA5, sizeof space);
    qemu.memory_region_init_alias((MemoryRegion *)(void *)space, NULL, "introcore-measure", guest_memory.region, 0, PAGE_SIZE);
    while (size && space[size - 1] == 0xA5)
        size--;
    return size & ~(sizeof(void *) - 1);
}

/**
 * Gives a ROM device, which comes with memory of its own, the guest's RAM instead, and frees the other. The member that
 * points to it is where both regions have a pointer to their block, and only there.
 */
static bool share_ram_block(MemoryRegion *device)
{
    uint64_t offset;
    RAMBlock *block = qemu.qemu_ram_block_from_host(guest_memory.host, false, &offset);
    RAMBlock *own = qemu.qemu_ram_block_from_host(qemu.memory_region_get_ram_ptr(device), false, &offset);
    size_t size = region_size(), where = 0, found = 0;

    for (size_t at = 0; at + sizeof block <= size; at += sizeof block) {
        bool in_ram = memcmp((char *)guest_memory.region + at, &block, sizeof block) == 0;
        bool in_device = memcmp((char *)device + at, &own, sizeof own) == 0;

        if (in_ram != in_device)
            found += 2;
        else if (in_ram) {
            where = at;
            found++;
        }
    }
    if (!block || !own || found != 1) {
        log_error("the RAM block of a memory region was not found (%zu matches); this build of QEMU is not supported", found);
        return false;
    }
    memcpy((char *)device + where, &block, sizeof block);
    if (qemu.memory_region_get_ram_ptr(device) != guest_memory.host) {
        log_error("a memory region did not take the guest's RAM block; this build of QEMU is not supported");
        return false;
    }
    qemu.qemu_ram_free(own);
    return true;
}

static bool choose_windows(void)
{
    QWORD numbers[2];

    if (getrandom(numbers, sizeof numbers, 0) != sizeof numbers || guest_memory.size > WINDOW_ALIGNMENT) {
        log_error("no random numbers, or more than 1 TiB of RAM");
        return false;
    }
    plain_window = (PLAIN_WINDOW_START + numbers[0] % (PLAIN_WINDOW_END - PLAIN_WINDOW_START)) & ~(WINDOW_ALIGNMENT - 1);
    trap_window = (PLAIN_WINDOW_END + numbers[1] % (TRAP_WINDOW_END - PLAIN_WINDOW_END)) & ~(WINDOW_ALIGNMENT - 1);
    return true;
}

/* ---- setting up --------------------------------------------------------------------------------------------------- */

/** Reads the first byte of each range through its translating region and compares. */
static bool check_ranges(void)
{
    for (int i = RANGE_LOW; i < RANGE_COUNT; i++) {
        const GuestRange *range = &guest_memory.ranges[i];
        BYTE bytes[64];

        if (!range->size)
            continue;
        probe_index = 1; // any but the 0 that QEMU answers for a class without this function
        if (qemu.memory_region_iommu_attrs_to_index(translators[i], (MemTxAttrs){0}) != 1) {
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
    }
    return true;
}

bool guard_windows_install(void)
{
    MemoryRegion *plain = allocate_region(), *trap = allocate_region();
    void *error = NULL;

    if (!plain || !trap || !choose_windows()) {
        log_error("no memory for the windows of the write guard");
        return false;
    }
    qemu.memory_region_init_alias(plain, NULL, "introcore-plain", guest_memory.region, 0, guest_memory.size);
    qemu.memory_region_init_rom_device_nomigrate(trap, NULL, &trap_operations, NULL, "introcore-trap", guest_memory.size, &error);
    if (error) {
        log_error("QEMU has no memory for a ROM device of the size of the guest's RAM");
        return false;
    }
    if (!share_ram_block(trap))
        return false;
    for (int i = RANGE_LOW; i < RANGE_COUNT; i++) {
        if (!guest_memory.ranges[i].size)
            continue;
        translators[i] = allocate_region();
        qemu.memory_region_init_iommu(translators[i], OBJECT_SPACE, TYPE_TRANSLATOR, NULL, "introcore-translator",
                                      guest_memory.ranges[i].size);
    }
    qemu.memory_region_transaction_begin();
    qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), plain_window, plain, WINDOW_PRIORITY);
    qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), trap_window, trap, WINDOW_PRIORITY);
    for (int i = RANGE_LOW; i < RANGE_COUNT; i++)
        if (translators[i])
            qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), guest_memory.ranges[i].gpa, translators[i],
                                                     TRANSLATOR_PRIORITY);
    qemu.memory_region_transaction_commit();
    return check_ranges();
}

void guard_windows_store(QWORD block_offset, const void *data, unsigned size)
{
    BYTE bytes[8];

    memcpy(bytes, data, size);
    qemu.cpu_physical_memory_rw(plain_window + block_offset, bytes, size, true);
}
