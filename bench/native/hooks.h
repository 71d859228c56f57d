/* SPDX-License-Identifier: MIT */
/**
 * hooks.h - cases on hooks that nothing of the guest asks for: page tables, and very many frames. The library's test variant sets them.
 */
#ifndef BENCH_HOOKS_H
#define BENCH_HOOKS_H

#include <stdbool.h>

/** Whether the library can set them. */
bool hooks_are_possible(void);

/** Makes the guests and sets the hooks. */
void hooks_prepare(void);

/** Stores to a page-table entry that is monitored: the frame changes; accessed and dirty change. */
void hooks_run_c(unsigned events);
void hooks_run_c2(unsigned events);

/** Case (a) with so many hooks besides, one a page. */
void hooks_run_10(unsigned events);
void hooks_run_1000(unsigned events);
void hooks_run_100000(unsigned events);

/** The same with 2,040 hooks whose frames are 4 MiB apart. */
void hooks_run_colliding(unsigned events);

#endif /* BENCH_HOOKS_H */
