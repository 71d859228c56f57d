/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Counters and times of the exits. Under the big lock. */
#ifndef INTROCORE_QEMU_STATISTICS_H
#define INTROCORE_QEMU_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

/** Kinds of exits. */
typedef enum StatisticsKind {
    STATISTICS_STORE,
    STATISTICS_CR,
    STATISTICS_MSR,
    STATISTICS_XCR,
    STATISTICS_DTR,
    STATISTICS_FETCH,
    STATISTICS_READ,
    STATISTICS_KIND_COUNT
} StatisticsKind;

/** One exit: what became of it, nanoseconds inside of the engine's handler, nanoseconds in all. */
void statistics_exit(StatisticsKind kind, bool is_blocked, uint64_t engine_nanoseconds, uint64_t glue_nanoseconds);

/** One store that the engine has performed, of those exits. */
void statistics_completed(void);

/** One call of the engine's timer; one time that the engine was let go of and started again, or asked to start over. */
void statistics_timer(void);
void statistics_restart(void);

/** The "stats:" line. */
void statistics_print(void);

#endif
