/* SPDX-License-Identifier: MIT */
/**
 * cases.h - what is measured. docs/benchmarks.md says what each case means.
 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include <stdbool.h>

/** One case. */
struct bench_case {
    const char *name;
    void (*run)(unsigned events);       /* leads so many events through the engine */
    bool (*check)(unsigned events);     /* whether the events before came out as they should; called on the same thread */
};

/** All cases, ended by one without a name. */
extern const struct bench_case cases[];

/** Makes the guests that the cases work on. */
void cases_prepare(void);

#endif /* BENCH_CASES_H */
