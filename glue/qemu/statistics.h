/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Counters and times of the exits. Under the big lock. */
#ifndef INTROCORE_QEMU_STATISTICS_H
#define INTROCORE_QEMU_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

/** One exit: what became of it, nanoseconds inside of the engine's handler, nanoseconds in all. */
void statistics_exit(bool is_blocked, uint64_t engine_nanoseconds, uint64_t glue_nanoseconds);

/** The "stats:" line. */
void statistics_print(void);

#endif
