/* SPDX-License-Identifier: MIT */
/**
 * The guest's memory: regions as the VMM gives them, which of their pages are guarded, and the KVM slots that this takes.
 *
 * A page is guarded by lying in a read-only slot: its stores exit before they land, reads and execution do not. KVM does not change
 * the rights of a slot, so each region is cut into slots at the borders of runs of guarded pages; a change deletes the slots that
 * are no longer right and makes others, with all vCPUs stopped, since in between that memory is not there.
 */
#ifndef INTROKVM_MEMORY_H
#define INTROKVM_MEMORY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "introcore.h"
#include "introcore_kvm.h"

#define PAGE_SIZE 4096u

/** A KVM slot. */
typedef struct Segment {
    QWORD gpa, size;
    DWORD id;
    bool is_guarded;
} Segment;

/** A region of the VMM's. What is not said to change is set once. */
typedef struct Region {
    DWORD slot, flags; /* as the VMM named it */
    QWORD gpa, size;
    BYTE *host;
    bool is_ram;                /* not KVM_MEM_READONLY */
    bool is_declared;           /* to the engine */
    _Atomic(uint64_t) *guarded; /* one bit a page: what the engine wants */
    uint64_t *lifted;           /* one bit a page: guarded, but not now: an instruction is stepped */
    bool is_changed;            /* the slots are not yet as the bits are */
    QWORD segments_wanted;      /* how many slots the guarded bits take */
    Segment *segments;          /* in the order of addresses */
    size_t segment_count;
} Region;

/** All regions at one time; replaced as a whole. */
typedef struct RegionList {
    DWORD count;
    Region *items[INTROKVM_MAX_REGIONS];
} RegionList;

/** The memory of a guest. */
typedef struct Memory {
    /** Of everything below and in regions, but for reading the list and the guarded bits; also held while bytes are written that
     *  were judged, so that a step does not take them for its own. Never held while the engine is called. */
    pthread_mutex_t lock;
    _Atomic(RegionList *) regions;
    DWORD *free_ids; /* KVM slots that are not in use */
    DWORD free_count, slot_limit;
    QWORD segments_wanted;      /* of all regions */
    atomic_ullong guarded_count; /* pages */
    atomic_bool is_lost;   /* a slot could not be made again: the guest must not run */
} Memory;

bool memory_prepare(IntroKvm *vm);
void memory_dispose(IntroKvm *vm);

/** The region that holds [gpa, gpa + size), or null. It stays until the exit that asks has ended. */
Region *memory_find(IntroKvm *vm, QWORD gpa, QWORD size);

/** The place of RAM of the guest in this process, or null where it is not or not in one piece. */
BYTE *memory_host(IntroKvm *vm, QWORD gpa, QWORD size);

/** The page frame number behind the last one, or 0. */
QWORD memory_end(IntroKvm *vm);

/** Whether the engine wants to be asked about stores to this page. */
bool memory_is_guarded(const Region *region, QWORD gpa);

/** Whether any page is guarded; without the lock, so that it may just have changed. */
bool memory_has_guards(IntroKvm *vm);

/** Guards a page, or gives it back, from the next memory_flush on. */
INTSTATUS memory_guard(IntroKvm *vm, QWORD gpa, bool guard);

/** Makes the slots as the guarded bits are. Stops all vCPUs if there is something to do. */
INTSTATUS memory_flush(IntroKvm *vm);

/** Tells the engine of a region of RAM, or takes it back; says what fails. */
bool memory_declare(IntroKvm *vm, Region *region);
bool memory_withdraw(IntroKvm *vm, Region *region);

/** Writes judged bytes into RAM, within one page. Sizes 1, 2, 4 and 8 at their own alignment in one piece, as a processor does. */
void memory_write(IntroKvm *vm, Region *region, QWORD gpa, const BYTE *bytes, size_t size);

/* ---- while all vCPUs are stopped and the lock is held, see step_exit.c --------------------------------------------- */

/** Lets stores to one guarded page, or to all, through until memory_lower_all. False: a slot could not be made. */
bool memory_lift(IntroKvm *vm, Region *region, QWORD gpa);
bool memory_lift_all(IntroKvm *vm);

/** Guards them again. */
bool memory_lower_all(IntroKvm *vm);

/** Calls back for each page that is lifted until that returns false. */
bool memory_each_lifted(IntroKvm *vm, bool (*use)(void *context, Region *region, QWORD gpa), void *context);

#endif
