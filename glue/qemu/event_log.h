/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The plug-in's output: one line an event on the standard error stream. The form is described in README.md. */
#ifndef INTROCORE_QEMU_EVENT_LOG_H
#define INTROCORE_QEMU_EVENT_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define PRINTF_LIKE(text, first) __attribute__((__format__(__printf__, text, first)))

/** Sets the zero of the time stamps. */
void log_start(void);

/** One line: "introcore: [SECONDS.mmm] EVENT: MESSAGE". Line breaks inside of the message become blanks. */
void log_event(const char *event, const char *format, ...) PRINTF_LIKE(2, 3);

/** The same with an argument list. */
void log_event_list(const char *event, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/** An error: what failed, where, what to do about it. */
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);

/** An error that a guest can cause again and again: at most ten lines a second, the rest is counted. */
void log_error_limited(const char *format, ...) PRINTF_LIKE(1, 2);

/** Nanoseconds of the monotonic clock. */
uint64_t clock_nanoseconds(void);

#endif
