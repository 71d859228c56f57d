// SPDX-License-Identifier: GPL-2.0-or-later
// The windows behind the guard of pages, and how everything is laid over the RAM.

#include "guard_windows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "event_log.h"
#include "guard_translator.h"
#include "page_guard.h"

#define TRANSLATOR_PRIORITY 50
#define WINDOW_PRIORITY 100

// Windows are aligned to 1 TiB and lie in [1 << 53, 1 << 61), [1 << 61, 1 << 62) and [1 << 62, 1 << 63).
#define WINDOW_ALIGNMENT (1ull << 40)
#define PLAIN_WINDOW_START (1ull << 53)
#define PLAIN_WINDOW_END (1ull << 61)
#define TRAP_WINDOW_END (1ull << 62)
#define READ_WINDOW_END (1ull << 63)

static GuardWindows windows;

/** Reads of the window that traps writes that QEMU does not do directly. */
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

static MemTxResult reported_read(void *opaque, hwaddr offset, uint64_t *data, unsigned size, MemTxAttrs attrs)
{
    (void)opaque;
    return read_exit(offset, data, size, attrs);
}

static const MemoryRegionOps read_operations = {
    .read_with_attrs = reported_read,
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
    QWORD numbers[3];

    if (getrandom(numbers, sizeof numbers, 0) != sizeof numbers || guest_memory.size > WINDOW_ALIGNMENT) {
        log_error("no random numbers, or more than 1 TiB of RAM");
        return false;
    }
    windows.plain = (PLAIN_WINDOW_START + numbers[0] % (PLAIN_WINDOW_END - PLAIN_WINDOW_START)) & ~(WINDOW_ALIGNMENT - 1);
    windows.trap = (PLAIN_WINDOW_END + numbers[1] % (TRAP_WINDOW_END - PLAIN_WINDOW_END)) & ~(WINDOW_ALIGNMENT - 1);
    windows.reading = (TRAP_WINDOW_END + numbers[2] % (READ_WINDOW_END - TRAP_WINDOW_END)) & ~(WINDOW_ALIGNMENT - 1);
    return true;
}

/* ---- setting up --------------------------------------------------------------------------------------------------- */

static bool check_ranges(void)
{
    for (int i = RANGE_LOW; i < RANGE_COUNT; i++)
        if (guest_memory.ranges[i].size && !guard_translator_check(i))
            return false;
    return true;
}

bool guard_windows_install(void)
{
    MemoryRegion *plain = allocate_region(), *trap = allocate_region(), *reading = allocate_region();
    MemoryRegion *translators[RANGE_COUNT] = {0};
    void *error = NULL;

    if (!plain || !trap || !reading || !choose_windows()) {
        log_error("no memory for the windows of the guard of pages");
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
    qemu.memory_region_init_io(reading, NULL, &read_operations, NULL, "introcore-read", guest_memory.size);
    for (int i = RANGE_LOW; i < RANGE_COUNT; i++) {
        translators[i] = guest_memory.ranges[i].size ? guard_translator_create(i, &windows) : NULL;
        if (guest_memory.ranges[i].size && !translators[i]) {
            log_error("no memory for the guard of pages");
            return false;
        }
    }
    qemu.memory_region_transaction_begin();
    qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), windows.plain, plain, WINDOW_PRIORITY);
    qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), windows.trap, trap, WINDOW_PRIORITY);
    qemu.memory_region_add_subregion_overlap(qemu.get_system_memory(), windows.reading, reading, WINDOW_PRIORITY);
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
    qemu.cpu_physical_memory_rw(windows.plain + block_offset, bytes, size, true);
}
