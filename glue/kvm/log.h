/* SPDX-License-Identifier: MIT */
/** Lines for whoever uses the library. */
#ifndef INTROKVM_LOG_H
#define INTROKVM_LOG_H

#include <stdarg.h>

#define PRINTF_LIKE(text, first) __attribute__((__format__(__printf__, text, first)))

/** Where lines go from now on; null: nowhere. */
void log_set_sink(void (*sink)(const char *line));

/** One line: "SOURCE: MESSAGE". Control characters become blanks. */
void log_line(const char *source, const char *format, ...) PRINTF_LIKE(2, 3);

/** The same with an argument list. */
void log_list(const char *source, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/** An error: what failed, where, what to do about it. */
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);

/** An error that a guest can cause again and again: at most ten lines a second, the rest is counted. */
void log_error_limited(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
