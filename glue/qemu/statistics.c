// SPDX-License-Identifier: GPL-2.0-or-later
// Counters and times of the exits.

#include "statistics.h"

#include <inttypes.h>

#include "event_log.h"

#define BUCKETS 8192u
#define BUCKET_NANOSECONDS 16u /* so that the last bucket takes what is above 131 us */

static uint64_t exits, blocked, engine_total, glue_total;
static uint32_t histogram[BUCKETS]; /* of the engine's times */

void statistics_exit(bool is_blocked, uint64_t engine_nanoseconds, uint64_t glue_nanoseconds)
{
    uint64_t bucket = engine_nanoseconds / BUCKET_NANOSECONDS;

    exits++;
    blocked += is_blocked;
    engine_total += engine_nanoseconds;
    glue_total += glue_nanoseconds;
    histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

/** Middle of the bucket that has the median; 0 without exits. */
static uint64_t median(void)
{
    uint64_t seen = 0;

    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen && seen * 2 >= exits)
            return i * BUCKET_NANOSECONDS + BUCKET_NANOSECONDS / 2;
    }
    return 0;
}

void statistics_print(void)
{
    uint64_t divisor = exits ? exits : 1;

    log_event("stats",
              "exits=%" PRIu64 " blocked=%" PRIu64 " allowed=%" PRIu64 " engine-ns-median=%" PRIu64 " engine-ns-mean=%" PRIu64
              " glue-ns-mean=%" PRIu64, exits, blocked, exits - blocked, median(), engine_total / divisor, glue_total / divisor);
}
