/* SPDX-License-Identifier: MIT */
/* The process: tables, log, errors. */
#include "fake-hypervisor.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

struct library lib;
GLUE_IFACE glue;
UPPER_IFACE upper;
atomic_uint host_errors;
_Thread_local unsigned host_current_cpu;

/* The log since the last clear, lines separated by newlines; begins anew when it is full. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_text[1 << 16];
static size_t log_length;

INTSTATUS fake_trace(const CHAR *file, DWORD line, const CHAR *format, ...)
{
    char text[1024];
    if (format == NULL) {
        host_error("TracePrint without a format");
        return INT_STATUS_INVALID_PARAMETER_3;
    }
    (void)file;
    (void)line;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return INT_STATUS_UNSUCCESSFUL;
    pthread_mutex_lock(&log_lock);
    size_t size = strlen(text);
    if (log_length + size + 2 > sizeof log_text)
        log_length = 0;
    memcpy(log_text + log_length, text, size);
    log_length += size;
    log_text[log_length++] = '\n';
    log_text[log_length] = '\0';
    pthread_mutex_unlock(&log_lock);
    return INT_STATUS_SUCCESS;
}

bool host_log_has(const char *text)
{
    pthread_mutex_lock(&log_lock);
    bool found = log_length > 0 && strstr(log_text, text) != NULL;
    pthread_mutex_unlock(&log_lock);
    return found;
}

void host_log_clear(void)
{
    pthread_mutex_lock(&log_lock);
    log_length = 0;
    log_text[0] = '\0';
    pthread_mutex_unlock(&log_lock);
}

void host_log_note(void)
{
    pthread_mutex_lock(&log_lock);
    char *position;
    char *rest = log_length > 0 ? log_text : NULL;
    while (rest != NULL && (position = strsep(&rest, "\n")) != NULL) {
        if (*position != '\0')
            check_note("log: %s", position);
    }
    log_length = 0;
    log_text[0] = '\0';
    pthread_mutex_unlock(&log_lock);
}

void host_error(const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check_note("BOUNDARY: %s", text);
    atomic_fetch_add(&host_errors, 1);
}

/* The services of UPPER_IFACE but the log must never be called: the header says so. */
static INTSTATUS refuse_alloc(void **address, size_t size, DWORD tag)
{
    (void)address, (void)size, (void)tag;
    host_error("MemAllocWithTagAndInfo was called");
    return INT_STATUS_INSUFFICIENT_RESOURCES;
}

static void refuse_bugcheck(void)
{
    host_error("BugCheck was called");
}

static void refuse_debugger(void)
{
    host_error("EnterDebugger was called");
}

void host_fill(GLUE_IFACE *glue_table, UPPER_IFACE *upper_table)
{
    memset(glue_table, 0, sizeof *glue_table);
    glue_table->Version = GLUE_IFACE_VERSION_1;
    glue_table->Size = GLUE_IFACE_VERSION_1_SIZE;
    fake_glue_fill(glue_table);

    memset(upper_table, 0, sizeof *upper_table);
    upper_table->Version = UPPER_IFACE_VERSION_1;
    upper_table->Size = UPPER_IFACE_VERSION_1_SIZE;
    upper_table->TracePrint = fake_trace;
    upper_table->MemAllocWithTagAndInfo = refuse_alloc;
    upper_table->BugCheck = refuse_bugcheck;
    upper_table->EnterDebugger = refuse_debugger;
}

INTSTATUS host_init(void)
{
    host_fill(&glue, &upper);
    lib.IntPreinit();
    return lib.IntInit(&glue, &upper);
}
