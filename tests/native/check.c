/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REPORT_FD 3

static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned check_count;
static unsigned check_failures;

static void write_line(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t written = write(REPORT_FD, line, length);
        if (written <= 0)
            _exit(97); /* nobody would see the outcome */
        line += written;
        length -= (size_t)written;
    }
}

/* Terminates a line that snprintf may have cut. */
static void emit(char *line, size_t capacity)
{
    size_t length = strnlen(line, capacity - 2);
    line[length] = '\n';
    write_line(line, length + 1);
}

void check_note(const char *format, ...)
{
    char line[4096] = "# ";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + 2, sizeof line - 4, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&check_lock);
    emit(line, sizeof line);
    pthread_mutex_unlock(&check_lock);
}

bool check(bool passed, const char *name, const char *format, ...)
{
    char why[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);

    pthread_mutex_lock(&check_lock);
    char line[600];
    check_count++;
    if (passed) {
        snprintf(line, sizeof line - 2, "ok %u %s", check_count, name);
    } else {
        check_failures++;
        snprintf(line, sizeof line - 2, "not ok %u %s: %s", check_count, name, why);
    }
    emit(line, sizeof line);
    pthread_mutex_unlock(&check_lock);
    return passed;
}

bool check_equal(uint64_t expected, uint64_t actual, const char *name, const char *expression)
{
    return check(expected == actual, name, "%s is 0x%llx, not 0x%llx", expression, (unsigned long long)actual,
                 (unsigned long long)expected);
}

bool check_status(int32_t expected, int32_t actual, const char *name)
{
    return check(expected == actual, name, "status 0x%08X, not 0x%08X", (unsigned)actual, (unsigned)expected);
}

bool check_bytes(const void *expected, const void *actual, uint32_t size, const char *name)
{
    char text[2][64 * 2 + 1] = {"", ""};
    for (uint32_t i = 0; i < size && i < 64; i++) {
        snprintf(text[0] + 2 * i, 3, "%02x", ((const uint8_t *)expected)[i]);
        snprintf(text[1] + 2 * i, 3, "%02x", ((const uint8_t *)actual)[i]);
    }
    return check(memcmp(expected, actual, size) == 0, name, "bytes %s, not %s", text[1], text[0]);
}

int check_end(void)
{
    char line[32];
    snprintf(line, sizeof line - 2, "1..%u", check_count);
    emit(line, sizeof line);
    return check_failures == 0 && check_count > 0 ? 0 : 1;
}
