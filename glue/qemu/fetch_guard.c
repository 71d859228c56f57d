// SPDX-License-Identifier: GPL-2.0-or-later
// Trapping execution.
//
// Instructions get a callback when they are translated (code_watch.c) if their page is guarded then. So a change drops what was
// translated from the page. That is done twice: at once, and again with all vCPUs stopped, for the sake of a block that another
// vCPU was translating meanwhile.

#include "fetch_guard.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "event_log.h"
#include "vcpu.h"

#define MAX_CHANGES 256 /* up to a flush; before one more there is a flush of its own */
#define SHOWN_CHANGES 8 /* the first ones up to a flush */

static _Atomic BYTE *guarded; /* one byte a page of the RAM block; null before the first use */
static atomic_uint pages;     /* that are guarded */
static QWORD changes[MAX_CHANGES];
static unsigned change_count;

/** Pages whose code is to be dropped with all vCPUs stopped. */
typedef struct Invalidation {
    unsigned count;
    QWORD offsets[];
} Invalidation;

bool fetch_guard_has(QWORD block_offset)
{
    return fetch_guard_is_used() && atomic_load(&guarded[block_offset / PAGE_SIZE]);
}

bool fetch_guard_is_used(void)
{
    return atomic_load(&pages) != 0;
}

/** The offset of a page in the RAM block. */
static bool find_page(QWORD gpa, QWORD *offset)
{
    const GuestRange *range = guest_memory_range(gpa, 1);

    if (!range)
        return false;
    *offset = (range->block_offset + (gpa - range->gpa)) & ~(PAGE_SIZE - 1);
    return true;
}

bool fetch_guard_get(QWORD gpa)
{
    QWORD offset;

    return find_page(gpa, &offset) && fetch_guard_has(offset);
}

INTSTATUS fetch_guard_set(QWORD gpa, bool is_guarded)
{
    QWORD offset;

    if (!find_page(gpa, &offset) || (!guarded && !is_guarded)) {
        if (!is_guarded)
            return INT_STATUS_SUCCESS; // nothing is guarded there
        log_error_limited("cannot trap execution at gpa=0x%" PRIx64 ": it is not RAM of the guest", gpa);
        return INT_STATUS_NOT_SUPPORTED;
    }
    if (!guarded && !(guarded = calloc(guest_memory.size / PAGE_SIZE, sizeof *guarded)))
        return INT_STATUS_INSUFFICIENT_RESOURCES;
    if (atomic_exchange(&guarded[offset / PAGE_SIZE], is_guarded) == is_guarded)
        return INT_STATUS_SUCCESS;
    if (is_guarded)
        atomic_fetch_add(&pages, 1);
    else
        atomic_fetch_sub(&pages, 1);
    if (change_count == MAX_CHANGES)
        fetch_guard_flush();
    if (change_count < SHOWN_CHANGES)
        log_event(is_guarded ? "guard" : "unguard", "gpa=0x%" PRIx64 " execute=%d", gpa & ~(PAGE_SIZE - 1), !is_guarded);
    changes[change_count++] = offset;
    return INT_STATUS_SUCCESS;
}

static void drop_code(const QWORD *offsets, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        qemu_invalidate_code(guest_memory.host + offsets[i], PAGE_SIZE);
}

/** Runs with every vCPU stopped. */
static void drop_again(CPUState *cpu, CpuWorkArgument argument)
{
    Invalidation *work = argument.host_ptr;
    bool taken = qemu_big_lock_acquire();

    (void)cpu;
    drop_code(work->offsets, work->count);
    qemu_big_lock_release(taken);
    free(work);
}

void fetch_guard_flush(void)
{
    Invalidation *work;

    if (!change_count)
        return;
    drop_code(changes, change_count);
    work = vcpu_count() > 1 ? malloc(sizeof *work + change_count * sizeof *changes) : NULL;
    if (work) {
        work->count = change_count;
        for (unsigned i = 0; i < change_count; i++)
            work->offsets[i] = changes[i];
        qemu.async_safe_run_on_cpu(vcpu_get(0)->cpu, drop_again, (CpuWorkArgument){.host_ptr = work});
    }
    change_count = 0;
}
