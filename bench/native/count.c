/* SPDX-License-Identifier: MIT */
/**
 * count.c - instructions an event, under valgrind --tool=callgrind --instr-atstart=no. Each case is run twice, with SHORT and with
 * LONG events, and each run ends in a dump that is named `CASE EVENTS`. The difference of the two, by that of the events, is the
 * cost of one; what a run costs besides its events falls out.
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "cases.h"
#include "host.h"
#include "modes.h"

#define WARM 600
#define SHORT 500
#define LONG 1500

static void dump(const struct bench_case *what, unsigned events)
{
    char name[64];
    CALLGRIND_ZERO_STATS;
    what->run(events);
    snprintf(name, sizeof name, "%s %u", what->name, events);
    CALLGRIND_DUMP_STATS_AT(name);
    if (!what->check(events))
        host_fail("%s did not come out as it should", what->name);
}

void mode_count(const char *library, const char *only)
{
    host_load(library);
    cases_prepare();
    CALLGRIND_START_INSTRUMENTATION;
    for (const struct bench_case *what = cases; what->name != NULL; what++) {
        if (!case_is_of_library(what) || (only != NULL && strcmp(only, what->name) != 0))
            continue;
        what->run(WARM);
        dump(what, SHORT);
        dump(what, LONG);
    }
    CALLGRIND_STOP_INSTRUMENTATION;
}
