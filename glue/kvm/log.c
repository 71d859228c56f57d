// SPDX-License-Identifier: MIT
// Lines for whoever uses the library.

#include "log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_SIZE 1024
#define ERRORS_A_SECOND 10u

static _Atomic(void (*)(const char *)) line_sink;

void log_set_sink(void (*sink)(const char *line))
{
    atomic_store(&line_sink, sink);
}

void log_list(const char *source, const char *format, va_list arguments)
{
    void (*sink)(const char *) = atomic_load(&line_sink);
    char line[LINE_SIZE];
    size_t length;

    if (!sink)
        return;
    length = (size_t)snprintf(line, sizeof line, "%s: ", source);
    vsnprintf(line + length, sizeof line - length, format, arguments);
    length = strlen(line);
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        line[--length] = '\0';
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    sink(line);
}

void log_line(const char *source, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_list(source, format, arguments);
    va_end(arguments);
}

void log_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_list("error", format, arguments);
    va_end(arguments);
}

void log_error_limited(const char *format, ...)
{
    static atomic_llong second_of_first;
    static atomic_uint in_this_second, dropped;
    struct timespec now;
    va_list arguments;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (atomic_exchange(&second_of_first, now.tv_sec) != now.tv_sec) {
        unsigned count = atomic_exchange(&dropped, 0);

        atomic_store(&in_this_second, 0);
        if (count)
            log_error("%u more errors were not shown: too many in a second", count);
    }
    if (atomic_fetch_add(&in_this_second, 1) >= ERRORS_A_SECOND) {
        atomic_fetch_add(&dropped, 1);
        return;
    }
    va_start(arguments, format);
    log_list("error", format, arguments);
    va_end(arguments);
}
