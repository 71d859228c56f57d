// SPDX-License-Identifier: GPL-2.0-or-later
// Lines on the standard error stream.

#include "event_log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_SIZE 2048
#define ERRORS_A_SECOND 10
#define SECOND 1000000000ull

static uint64_t start;

uint64_t clock_nanoseconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

void log_start(void)
{
    start = clock_nanoseconds();
}

void log_event_list(const char *event, const char *format, va_list arguments)
{
    char line[LINE_SIZE];
    uint64_t elapsed = (clock_nanoseconds() - start) / 1000000;
    size_t length = (size_t)snprintf(line, sizeof line, "introcore: [%llu.%03llu] %s: ", (unsigned long long)(elapsed / 1000),
                                     (unsigned long long)(elapsed % 1000), event);

    vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    length = strlen(line);
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ')
            line[i] = ' ';
    line[length++] = '\n';
    // In one piece: lines of several threads do not mix.
    fwrite(line, 1, length, stderr);
    fflush(stderr);
}

void log_event(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_event_list(event, format, arguments);
    va_end(arguments);
}

void log_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_event_list("error", format, arguments);
    va_end(arguments);
}

void log_error_limited(const char *format, ...)
{
    static atomic_ullong second_of_first;
    static atomic_uint in_this_second, dropped;
    unsigned long long second = clock_nanoseconds() / SECOND;
    va_list arguments;

    if (atomic_exchange(&second_of_first, second) != second) {
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
    log_event_list("error", format, arguments);
    va_end(arguments);
}
