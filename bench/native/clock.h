/* SPDX-License-Identifier: MIT */
/**
 * clock.h - the clock as the library sees it. The engine limits the alerts that a guest may cause in a time; to measure the exit
 * with its alert, and the exit whose alert is dropped, apart from each other, the program lends the library a clock that stands
 * still and is put forward by hand. It defines clock_gettime, which the library then finds instead of that of the C library.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>

/** Stops the library's clock where it is. */
void clock_hold(void);

/** Puts the library's clock forward. */
void clock_advance(uint64_t nanoseconds);

/** Nanoseconds of the true monotonic clock. */
uint64_t clock_now(void);

#endif /* BENCH_CLOCK_H */
