/* SPDX-License-Identifier: MIT */
/**
 * check.h - numbered checks, reported on file descriptor 3, one line each:
 *
 *     # group                        a group begins
 *     ok 12 name                     a check that held
 *     not ok 13 name: why            a check that did not
 *     1..13                          the plan, last: without it the program did not reach its end
 *
 * Standard output and error stay free, so that the test can see that the library writes to neither. Lines are written at
 * once and unbuffered: after a crash the last line tells how far it came. Safe to use from several threads.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

/** Prints a line that starts with "# ". */
void check_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Records one check. The reason is printed only when it did not hold. Returns passed. */
bool check(bool passed, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Compares two numbers, shown in hexadecimal. */
bool check_equal(uint64_t expected, uint64_t actual, const char *name, const char *expression);

/** Compares two statuses. */
bool check_status(int32_t expected, int32_t actual, const char *name);

/** Compares two byte strings. */
bool check_bytes(const void *expected, const void *actual, uint32_t size, const char *name);

/** Prints the plan and returns the exit code of the program: 0 when every check held and there was one. */
int check_end(void);

#define CHECK(condition, name) check((condition), (name), "%s", #condition)
#define CHECK_EQ(expected, actual, name) check_equal((uint64_t)(expected), (uint64_t)(actual), (name), #actual)
#define CHECK_STATUS(expected, actual, name) check_status((expected), (actual), (name))
#define CHECK_BYTES(expected, actual, size, name) check_bytes((expected), (actual), (size), (name))

#endif /* CHECK_H */
