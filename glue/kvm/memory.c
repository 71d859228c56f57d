// SPDX-License-Identifier: MIT
// Regions of the guest's memory, and which of their pages are guarded.

#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "engine.h"
#include "log.h"
#include "slots.h"
#include "vm.h"

#define BITS 64u
#define MAX_ATTEMPTS 1000 /* to take memory back that an exit is still using */

bool memory_prepare(IntroKvm *vm)
{
    Memory *memory = &vm->memory;
    int limit = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);

    pthread_mutex_init(&memory->lock, NULL);
    memory->slot_limit = limit > 0 ? (DWORD)limit : 32;
    memory->free_ids = malloc(memory->slot_limit * sizeof *memory->free_ids);
    memory->regions = calloc(1, sizeof(RegionList));
    if (!memory->free_ids || !memory->regions)
        return false;
    while (memory->free_count < memory->slot_limit) {
        memory->free_ids[memory->free_count] = memory->slot_limit - 1 - memory->free_count; // the lowest is taken first
        memory->free_count++;
    }
    return true;
}

static void free_region(Region *region)
{
    free(region->segments);
    free(region->lifted);
    free(region->guarded);
    free(region);
}

void memory_dispose(IntroKvm *vm)
{
    RegionList *list = atomic_load(&vm->memory.regions);

    for (DWORD i = 0; list && i < list->count; i++)
        free_region(list->items[i]);
    free(list);
    free(vm->memory.free_ids);
    pthread_mutex_destroy(&vm->memory.lock);
}

/* ---- look-up ------------------------------------------------------------------------------------------------------ */

Region *memory_find(IntroKvm *vm, QWORD gpa, QWORD size)
{
    const RegionList *list = atomic_load(&vm->memory.regions);

    for (DWORD i = 0; i < list->count; i++) {
        Region *region = list->items[i];

        if (gpa - region->gpa < region->size && size <= region->size - (gpa - region->gpa))
            return region;
    }
    return NULL;
}

BYTE *memory_host(IntroKvm *vm, QWORD gpa, QWORD size)
{
    const Region *region = memory_find(vm, gpa, size);

    return region && region->is_ram ? region->host + (gpa - region->gpa) : NULL;
}

QWORD memory_end(IntroKvm *vm)
{
    const RegionList *list = atomic_load(&vm->memory.regions);
    QWORD end = 0;

    for (DWORD i = 0; i < list->count; i++)
        if (list->items[i]->is_ram && list->items[i]->gpa + list->items[i]->size > end)
            end = list->items[i]->gpa + list->items[i]->size;
    return end / PAGE_SIZE;
}

bool memory_is_guarded(const Region *region, QWORD gpa)
{
    QWORD frame = (gpa - region->gpa) / PAGE_SIZE;

    return atomic_load(&region->guarded[frame / BITS]) >> (frame % BITS) & 1;
}

bool memory_has_guards(IntroKvm *vm)
{
    return atomic_load(&vm->memory.guarded_count) != 0;
}

/* ---- guarding ----------------------------------------------------------------------------------------------------- */

INTSTATUS memory_guard(IntroKvm *vm, QWORD gpa, bool guard)
{
    Memory *memory = &vm->memory;
    Region *region = memory_find(vm, gpa, 1);
    INTSTATUS status = INT_STATUS_SUCCESS;
    QWORD frame, bit;
    int difference;

    if (!region || !region->is_ram)
        return guard ? INT_STATUS_NOT_SUPPORTED : INT_STATUS_SUCCESS;
    frame = (gpa - region->gpa) / PAGE_SIZE;
    bit = 1ull << (frame % BITS);
    pthread_mutex_lock(&memory->lock);
    if (memory_is_guarded(region, gpa) != guard) {
        difference = slots_difference(region, frame);
        if (difference > 0 && memory->segments_wanted + (QWORD)difference > memory->slot_limit) {
            status = INT_STATUS_INSUFFICIENT_RESOURCES;
        } else {
            atomic_fetch_xor(&region->guarded[frame / BITS], bit);
            region->segments_wanted += (QWORD)difference;
            memory->segments_wanted += (QWORD)difference;
            region->is_changed = true;
            atomic_fetch_add(&memory->guarded_count, guard ? 1 : -1ull);
        }
    }
    pthread_mutex_unlock(&memory->lock);
    return status;
}

/** With the lock. */
static bool is_any_changed(const RegionList *list)
{
    for (DWORD i = 0; i < list->count; i++)
        if (list->items[i]->is_changed)
            return true;
    return false;
}

/** With the lock and all vCPUs outside. */
static INTSTATUS update_changed(IntroKvm *vm)
{
    const RegionList *list = atomic_load(&vm->memory.regions);
    INTSTATUS status = INT_STATUS_SUCCESS;

    for (DWORD i = 0; i < list->count && INT_SUCCESS(status); i++)
        if (list->items[i]->is_changed)
            status = slots_update(vm, list->items[i]);
    return status;
}

INTSTATUS memory_flush(IntroKvm *vm)
{
    INTSTATUS status;
    bool is_changed;

    pthread_mutex_lock(&vm->memory.lock);
    is_changed = is_any_changed(atomic_load(&vm->memory.regions));
    pthread_mutex_unlock(&vm->memory.lock);
    if (!is_changed)
        return INT_STATUS_SUCCESS;
    gate_close(vm);
    pthread_mutex_lock(&vm->memory.lock);
    status = update_changed(vm);
    pthread_mutex_unlock(&vm->memory.lock);
    gate_open(vm);
    return status;
}

void memory_write(IntroKvm *vm, Region *region, QWORD gpa, const BYTE *bytes, size_t size)
{
    BYTE *to = region->host + (gpa - region->gpa);
    bool is_aligned = ((uintptr_t)to & (size - 1)) == 0;
    uint64_t value = 0;

    if (size <= sizeof value)
        memcpy(&value, bytes, size);
    pthread_mutex_lock(&vm->memory.lock);
    if (size == 1)
        __atomic_store_n(to, (uint8_t)value, __ATOMIC_SEQ_CST);
    else if (size == 2 && is_aligned)
        __atomic_store_n((uint16_t *)(void *)to, (uint16_t)value, __ATOMIC_SEQ_CST);
    else if (size == 4 && is_aligned)
        __atomic_store_n((uint32_t *)(void *)to, (uint32_t)value, __ATOMIC_SEQ_CST);
    else if (size == 8 && is_aligned)
        __atomic_store_n((uint64_t *)(void *)to, value, __ATOMIC_SEQ_CST);
    else
        memcpy(to, bytes, size);
    if (vm->capabilities & INTROKVM_PAGE_TABLE_WRITES)
        slots_forget_translations(vm); // it may have been a page table
    pthread_mutex_unlock(&vm->memory.lock);
}

/* ---- lifting ------------------------------------------------------------------------------------------------------ */

bool memory_lift(IntroKvm *vm, Region *region, QWORD gpa)
{
    QWORD frame = (gpa - region->gpa) / PAGE_SIZE;

    region->lifted[frame / BITS] |= 1ull << (frame % BITS);
    return INT_SUCCESS(slots_update(vm, region));
}

bool memory_lift_all(IntroKvm *vm)
{
    const RegionList *list = atomic_load(&vm->memory.regions);

    for (DWORD i = 0; i < list->count; i++) {
        Region *region = list->items[i];

        if (region->segments_wanted == 1 && !memory_is_guarded(region, region->gpa))
            continue;
        memset(region->lifted, 0xFF, (region->size / PAGE_SIZE + BITS - 1) / BITS * sizeof *region->lifted);
        if (!INT_SUCCESS(slots_update(vm, region)))
            return false;
    }
    return true;
}

bool memory_lower_all(IntroKvm *vm)
{
    const RegionList *list = atomic_load(&vm->memory.regions);
    bool is_done = true;

    for (DWORD i = 0; i < list->count; i++) {
        Region *region = list->items[i];
        size_t size = (region->size / PAGE_SIZE + BITS - 1) / BITS * sizeof *region->lifted;
        bool is_lifted = false;

        for (size_t word = 0; word < size / sizeof *region->lifted && !is_lifted; word++)
            is_lifted = region->lifted[word] != 0;
        if (!is_lifted)
            continue;
        memset(region->lifted, 0, size);
        is_done &= INT_SUCCESS(slots_update(vm, region));
    }
    return is_done;
}

bool memory_each_lifted(IntroKvm *vm, bool (*use)(void *context, Region *region, QWORD gpa), void *context)
{
    const RegionList *list = atomic_load(&vm->memory.regions);

    for (DWORD i = 0; i < list->count; i++) {
        Region *region = list->items[i];

        for (QWORD word = 0; word * BITS < region->size / PAGE_SIZE; word++) {
            uint64_t bits = atomic_load(&region->guarded[word]) & region->lifted[word];

            for (; bits; bits &= bits - 1)
                if (!use(context, region, region->gpa + (word * BITS + (unsigned)__builtin_ctzll(bits)) * PAGE_SIZE))
                    return false;
        }
    }
    return true;
}

/* ---- the VMM's regions ---------------------------------------------------------------------------------------------- */

static int fail(int error)
{
    errno = error;
    return -1;
}

/** Puts a list with one region more, or one less, in the place of the current one. With the lock. The old one is returned. */
static RegionList *replace_list(Memory *memory, Region *added, const Region *removed)
{
    RegionList *old = atomic_load(&memory->regions), *list = calloc(1, sizeof *list);

    if (!list)
        return NULL;
    for (DWORD i = 0; i < old->count; i++)
        if (old->items[i] != removed)
            list->items[list->count++] = old->items[i];
    if (added)
        list->items[list->count++] = added;
    atomic_store(&memory->regions, list);
    return old;
}

bool memory_declare(IntroKvm *vm, Region *region)
{
    INTSTATUS status = engine.IntDeclareGuestMemory(vm, region->gpa, region->size, region->host);

    region->is_declared = INT_SUCCESS(status);
    if (!region->is_declared)
        log_error("IntDeclareGuestMemory of 0x%llx failed: %s", (unsigned long long)region->gpa, engine.IntStatusToString(status));
    return region->is_declared;
}

bool memory_withdraw(IntroKvm *vm, Region *region)
{
    INTSTATUS status = region->is_declared ? INT_STATUS_BUSY : INT_STATUS_SUCCESS;

    for (int i = 0; i < MAX_ATTEMPTS && status == INT_STATUS_BUSY; i++)
        status = engine.IntRemoveGuestMemory(vm, region->gpa, region->size);
    if (INT_SUCCESS(status))
        region->is_declared = false;
    else
        log_error("IntRemoveGuestMemory of 0x%llx failed: %s", (unsigned long long)region->gpa, engine.IntStatusToString(status));
    return INT_SUCCESS(status);
}

static Region *new_region(const struct kvm_userspace_memory_region *given)
{
    Region *region = calloc(1, sizeof *region);
    size_t words = (given->memory_size / PAGE_SIZE + BITS - 1) / BITS;

    if (!region)
        return NULL;
    *region = (Region){.slot = given->slot, .flags = given->flags, .gpa = given->guest_phys_addr, .size = given->memory_size,
                       .host = (BYTE *)(uintptr_t)given->userspace_addr, .is_ram = !(given->flags & KVM_MEM_READONLY),
                       .segments_wanted = 1, .guarded = calloc(words, sizeof *region->guarded),
                       .lifted = calloc(words, sizeof *region->lifted)};
    if (region->guarded && region->lifted)
        return region;
    free_region(region);
    return NULL;
}

static int add_region(IntroKvm *vm, const struct kvm_userspace_memory_region *given)
{
    Memory *memory = &vm->memory;
    Region *region = new_region(given);
    RegionList *old = NULL;
    INTSTATUS status = INT_STATUS_INSUFFICIENT_RESOURCES;
    int error = ENOMEM;

    if (!region)
        return fail(ENOMEM);
    pthread_mutex_lock(&memory->lock);
    if (memory->segments_wanted < memory->slot_limit)
        status = slots_update(vm, region);
    error = errno;
    if (INT_SUCCESS(status))
        old = replace_list(memory, region, NULL);
    if (old)
        memory->segments_wanted++;
    else
        slots_delete(vm, region);
    pthread_mutex_unlock(&memory->lock);
    if (!old) {
        free_region(region);
        return fail(error ? error : ENOSPC);
    }
    gate_wait_for_exits(vm);
    free(old);
    return !vm->is_started || !region->is_ram || memory_declare(vm, region) ? 0 : fail(EIO);
}

static QWORD count_guarded(const Region *region)
{
    QWORD count = 0;

    for (QWORD word = 0; word * BITS < region->size / PAGE_SIZE; word++)
        count += (unsigned)__builtin_popcountll(atomic_load(&region->guarded[word]));
    return count;
}

static int remove_region(IntroKvm *vm, Region *region)
{
    Memory *memory = &vm->memory;
    RegionList *old;

    if (!memory_withdraw(vm, region))
        return fail(EBUSY);
    gate_close(vm);
    pthread_mutex_lock(&memory->lock);
    old = replace_list(memory, NULL, region);
    if (old) {
        slots_delete(vm, region);
        memory->segments_wanted -= region->segments_wanted;
        atomic_fetch_sub(&memory->guarded_count, count_guarded(region));
    }
    pthread_mutex_unlock(&memory->lock);
    gate_open(vm);
    if (!old)
        return fail(ENOMEM);
    gate_wait_for_exits(vm);
    free(old);
    free_region(region);
    return 0;
}

int introkvm_set_memory(IntroKvm *vm, const struct kvm_userspace_memory_region *given)
{
    const RegionList *list = atomic_load(&vm->memory.regions);
    Region *known = NULL;
    bool overlaps = false;

    for (DWORD i = 0; i < list->count; i++) {
        Region *region = list->items[i];

        if (region->slot == given->slot)
            known = region;
        overlaps |= given->guest_phys_addr < region->gpa + region->size &&
                    region->gpa < given->guest_phys_addr + given->memory_size;
    }
    if (!given->memory_size)
        return known ? remove_region(vm, known) : fail(EINVAL);
    if (known || overlaps)
        return fail(EEXIST);
    if (given->flags & ~KVM_MEM_READONLY)
        return fail(ENOTSUP);
    if ((given->guest_phys_addr | given->memory_size | given->userspace_addr) % PAGE_SIZE ||
        given->guest_phys_addr + given->memory_size < given->guest_phys_addr)
        return fail(EINVAL);
    return list->count < INTROKVM_MAX_REGIONS ? add_region(vm, given) : fail(ENOSPC);
}
