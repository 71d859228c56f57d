// SPDX-License-Identifier: MIT
// Checks.

#include "check.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static const char *scenario = "introvm";
static atomic_uint passed, failed, skipped;

static void print(const char *kind, const char *format, va_list arguments)
{
    char text[1024];

    vsnprintf(text, sizeof text, format, arguments);
    printf("%s %s: %s\n", kind, scenario, text);
    fflush(stdout);
}

bool check(bool holds, const char *format, ...)
{
    va_list arguments;

    atomic_fetch_add(holds ? &passed : &failed, 1);
    va_start(arguments, format);
    print(holds ? "ok" : "FAILED", format, arguments);
    va_end(arguments);
    return holds;
}

void check_skip(const char *format, ...)
{
    va_list arguments;

    atomic_fetch_add(&skipped, 1);
    va_start(arguments, format);
    print("skipped", format, arguments);
    va_end(arguments);
}

void check_note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print("#", format, arguments);
    va_end(arguments);
}

void check_scenario(const char *name)
{
    scenario = name;
}

bool check_end(void)
{
    printf("introvm: %u passed, %u failed, %u skipped\n", atomic_load(&passed), atomic_load(&failed), atomic_load(&skipped));
    fflush(stdout);
    return atomic_load(&passed) && !atomic_load(&failed);
}
