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
    bool has_hooks;                     /* works on hooks of its own, which only the library's test variant can set */
};

/** All cases, ended by one without a name. */
extern const struct bench_case cases[];

/** Makes the guests that the cases work on. */
void cases_prepare(void);

/** Whether a case is measured with this library: the test variant serves those with hooks alone, the library that is shipped all others. */
bool case_is_of_library(const struct bench_case *which);

/** One event that was not what it should be, or none. */
extern unsigned case_wrong;

/** Begins a run: nothing is wrong yet, and no alert was delivered. */
void case_begin(void);

#endif /* BENCH_CASES_H */
