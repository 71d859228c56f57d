// SPDX-License-Identifier: GPL-2.0-or-later
// Counters and times of the exits.

#include "statistics.h"

#include <inttypes.h>

#include "event_log.h"

// A bucket is at most 1/32 as wide as the times in it.
#define STEP_BITS 6u
#define STEPS (1u << STEP_BITS)
#define BUCKETS (STEPS / 2 * (64 - STEP_BITS + 2))

static uint64_t exits, blocked, engine_total, glue_total;
static uint64_t of_kind[STATISTICS_KIND_COUNT], timer_calls, restarts, completed;
static uint32_t histogram[BUCKETS]; /* of the engine's times */

/** The bucket of a time. Below STEPS each value has its own; then the width doubles with each power of two. */
static unsigned bucket_of(uint64_t value)
{
    unsigned shift = value < STEPS ? 0 : 63 - (unsigned)__builtin_clzll(value) - STEP_BITS + 1;

    return shift * (STEPS / 2) + (unsigned)(value >> shift);
}

/** The smallest time of a bucket. */
static uint64_t start_of(unsigned bucket)
{
    unsigned shift = bucket < STEPS ? 0 : bucket / (STEPS / 2) - 1;

    return (uint64_t)(bucket - shift * (STEPS / 2)) << shift;
}

void statistics_exit(StatisticsKind kind, bool is_blocked, uint64_t engine_nanoseconds, uint64_t glue_nanoseconds)
{
    of_kind[kind]++;
    exits++;
    blocked += is_blocked;
    engine_total += engine_nanoseconds;
    glue_total += glue_nanoseconds;
    histogram[bucket_of(engine_nanoseconds)]++;
}

void statistics_completed(void)
{
    completed++;
}

void statistics_timer(void)
{
    timer_calls++;
}

void statistics_restart(void)
{
    restarts++;
}

/** The median, to 1/32; 0 without exits. */
static uint64_t median(void)
{
    uint64_t seen = 0;

    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen && seen * 2 >= exits)
            return (start_of(i) + start_of(i + 1)) / 2;
    }
    return 0;
}

void statistics_print(void)
{
    uint64_t divisor = exits ? exits : 1;

    log_event("stats",
              "exits=%" PRIu64 " blocked=%" PRIu64 " allowed=%" PRIu64 " engine-ns-median=%" PRIu64 " engine-ns-mean=%" PRIu64
              " glue-ns-mean=%" PRIu64 " store=%" PRIu64 " cr=%" PRIu64 " msr=%" PRIu64 " xcr=%" PRIu64 " dtr=%" PRIu64
              " fetch=%" PRIu64 " read=%" PRIu64 " timer=%" PRIu64 " restarts=%" PRIu64 " completed=%" PRIu64,
              exits, blocked, exits - blocked, median(), engine_total / divisor, glue_total / divisor,
              of_kind[STATISTICS_STORE], of_kind[STATISTICS_CR], of_kind[STATISTICS_MSR], of_kind[STATISTICS_XCR],
              of_kind[STATISTICS_DTR], of_kind[STATISTICS_FETCH], of_kind[STATISTICS_READ], timer_calls, restarts, completed);
}
