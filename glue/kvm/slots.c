// SPDX-License-Identifier: MIT
// The KVM slots of a region.

#include "slots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "log.h"
#include "vm.h"

#define BITS 64u

/** Where no memory is: the highest page of 46 bits. */
#define NOWHERE 0x3FFFFFFFF000ull

/** The bits of 64 pages as the slots are to have them. */
static uint64_t word_of(const Region *region, QWORD word)
{
    return atomic_load(&region->guarded[word]) & ~region->lifted[word];
}

static bool bit_of(const Region *region, QWORD frame)
{
    return word_of(region, frame / BITS) >> (frame % BITS) & 1;
}

/** The first page from this one on whose bit is another, or the number of pages. */
static QWORD end_of_run(const Region *region, QWORD frame)
{
    QWORD count = region->size / PAGE_SIZE;
    uint64_t all = bit_of(region, frame) ? ~0ull : 0;

    while (frame < count) {
        uint64_t others = (word_of(region, frame / BITS) ^ all) >> (frame % BITS);

        if (others) {
            frame += (unsigned)__builtin_ctzll(others);
            break;
        }
        frame += BITS - frame % BITS;
    }
    return frame < count ? frame : count;
}

int slots_difference(const Region *region, QWORD frame)
{
    QWORD last = region->size / PAGE_SIZE - 1;
    bool bit = atomic_load(&region->guarded[frame / BITS]) >> (frame % BITS) & 1;
    int difference = 0;

    // Each neighbour that is like it becomes a border, each that is not ceases to be one.
    for (int side = -1; side <= 1; side += 2) {
        QWORD other = frame + (QWORD)side;

        if (side < 0 ? frame == 0 : frame == last)
            continue;
        difference += (atomic_load(&region->guarded[other / BITS]) >> (other % BITS) & 1) == bit ? 1 : -1;
    }
    return difference;
}

static bool set_slot(IntroKvm *vm, const Region *region, const Segment *segment, bool exists)
{
    struct kvm_userspace_memory_region slot = {
        .slot = segment->id,
        .flags = region->flags | (segment->is_guarded ? KVM_MEM_READONLY : 0),
        .guest_phys_addr = segment->gpa,
        .memory_size = exists ? segment->size : 0,
        .userspace_addr = (uintptr_t)region->host + (segment->gpa - region->gpa),
    };

    COUNT(vm, slot_changes);
    if (ioctl(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &slot) == 0)
        return true;
    log_error("KVM does not %s the slot of 0x%" PRIx64 ", 0x%" PRIx64 " bytes: %s", exists ? "make" : "delete", segment->gpa,
              segment->size, strerror(errno));
    return false;
}

static bool is_same(const Segment *a, const Segment *b)
{
    return a->gpa == b->gpa && a->size == b->size && a->is_guarded == b->is_guarded;
}

/** Calls back for the segments of one list that are not in the other. Both are in the order of addresses. */
static bool each_missing(IntroKvm *vm, Region *region, Segment *list, size_t count, Segment *other, size_t other_count,
                         bool (*use)(IntroKvm *, Region *, Segment *))
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        while (at < other_count && other[at].gpa < list[i].gpa)
            at++;
        if (at < other_count && is_same(&list[i], &other[at]))
            continue;
        if (!use(vm, region, &list[i]))
            return false;
    }
    return true;
}

static bool delete_slot(IntroKvm *vm, Region *region, Segment *segment)
{
    if (!set_slot(vm, region, segment, false))
        return false;
    vm->memory.free_ids[vm->memory.free_count++] = segment->id;
    return true;
}

static bool make_slot(IntroKvm *vm, Region *region, Segment *segment)
{
    if (!vm->memory.free_count) {
        log_error("no KVM slot is left of %u", vm->memory.slot_limit);
        return false;
    }
    segment->id = vm->memory.free_ids[--vm->memory.free_count];
    if (set_slot(vm, region, segment, true))
        return true;
    vm->memory.free_ids[vm->memory.free_count++] = segment->id;
    return false;
}

/** The segments that the bits make, with the ids of those that exist already. Null: no memory. */
static Segment *cut(const Region *region, size_t *count)
{
    QWORD pages = region->size / PAGE_SIZE, start = 0, end;
    size_t n = 0, old = 0;
    Segment *list;

    for (QWORD frame = 0; frame < pages; frame = end_of_run(region, frame))
        n++;
    list = calloc(n, sizeof *list);
    if (!list)
        return NULL;
    *count = n;
    for (Segment *segment = list; start < pages; start = end, segment++) {
        end = end_of_run(region, start);
        *segment = (Segment){.gpa = region->gpa + start * PAGE_SIZE, .size = (end - start) * PAGE_SIZE,
                             .is_guarded = bit_of(region, start)};
        while (old < region->segment_count && region->segments[old].gpa < segment->gpa)
            old++;
        if (old < region->segment_count && is_same(segment, &region->segments[old]))
            segment->id = region->segments[old].id;
    }
    return list;
}

INTSTATUS slots_update(IntroKvm *vm, Region *region)
{
    size_t count;
    Segment *list = cut(region, &count);
    bool is_new = !region->segments, is_done;

    if (!list)
        return INT_STATUS_INSUFFICIENT_RESOURCES;
    is_done = each_missing(vm, region, region->segments, region->segment_count, list, count, delete_slot) &&
              each_missing(vm, region, list, count, region->segments, region->segment_count, make_slot);
    if (is_new && !is_done) {
        free(list);
        return INT_STATUS_UNSUCCESSFUL;
    }
    free(region->segments);
    region->segments = list;
    region->segment_count = count;
    region->is_changed = false;
    // What is where is not known any more. Running on could mean running with less guarded, or without memory.
    if (!is_done)
        atomic_store(&vm->memory.is_lost, true);
    return is_done ? INT_STATUS_SUCCESS : INT_STATUS_UNSUCCESSFUL;
}

void slots_forget_translations(IntroKvm *vm)
{
    static BYTE page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    Region region = {.gpa = NOWHERE, .host = page};
    Segment segment = {.gpa = NOWHERE, .size = PAGE_SIZE};

    // KVM drops all of it when a slot is deleted, whichever that is.
    if (make_slot(vm, &region, &segment))
        delete_slot(vm, &region, &segment);
    else
        log_error_limited("the guest may go on with older translations");
}

void slots_delete(IntroKvm *vm, Region *region)
{
    for (size_t i = 0; i < region->segment_count; i++)
        delete_slot(vm, region, &region->segments[i]);
    free(region->segments);
    region->segments = NULL;
    region->segment_count = 0;
}
