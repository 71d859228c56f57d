/* SPDX-License-Identifier: MIT */
/** Checks: one line each on standard output, and a count at the end. On any thread. */
#ifndef INTROVM_CHECK_H
#define INTROVM_CHECK_H

#include <stdbool.h>

#define PRINTF_LIKE(text, first) __attribute__((__format__(__printf__, text, first)))

/** "ok SCENARIO: TEXT" or "FAILED SCENARIO: TEXT". Returns whether it holds. */
bool check(bool holds, const char *format, ...) PRINTF_LIKE(2, 3);

/** What could not be checked here, and why: "skipped SCENARIO: TEXT". */
void check_skip(const char *format, ...) PRINTF_LIKE(1, 2);

/** Something to know: "# SCENARIO: TEXT". */
void check_note(const char *format, ...) PRINTF_LIKE(1, 2);

/** Names the scenario that the following lines are of. */
void check_scenario(const char *name);

/** The last line: "N passed, N failed, N skipped". Returns whether nothing failed and something passed. */
bool check_end(void);

#endif
