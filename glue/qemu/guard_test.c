// SPDX-License-Identifier: GPL-2.0-or-later
// Guarding and releasing many pages at once, the way that the engine would.

#include "guard_test.h"

#include <inttypes.h>

#include "engine.h"
#include "event_log.h"
#include "guest_memory.h"
#include "session.h"

/** Sets the write right of every stride-th page, and flushes once. Returns the number of pages that were set. */
static QWORD set_all(QWORD pages, QWORD stride, BYTE write)
{
    const GuestRange *range = &guest_memory.ranges[RANGE_LOW];
    QWORD done = 0;

    for (QWORD i = 0; i < pages; i++)
        if (INT_SUCCESS(engine.glue.SetEPTPageProtection(session_guest(), 0, range->gpa + i * stride * PAGE_SIZE, 1, write, 1)))
            done++;
    engine.glue.FlushEPTPermissions(session_guest());
    return done;
}

void guard_test_run(QWORD pages)
{
    QWORD available = guest_memory.ranges[RANGE_LOW].size / PAGE_SIZE, stride, guarded;
    uint64_t begin, middle, end;

    if (pages > available)
        pages = available;
    stride = available / pages;
    begin = clock_nanoseconds();
    guarded = set_all(pages, stride, 0);
    middle = clock_nanoseconds();
    set_all(pages, stride, 1);
    end = clock_nanoseconds();
    log_event("guard-test", "frames=%" PRIu64 " guard-us=%" PRIu64 " release-us=%" PRIu64, guarded, (middle - begin) / 1000,
              (end - middle) / 1000);
}
