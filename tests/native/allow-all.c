/* SPDX-License-Identifier: MIT */
/**
 * allow-all.c - a stand-in for libintrocore.so that lets every store happen.
 *
 * It exports what introcore.h declares and passes every call to the real library, whose path is in the environment variable
 * INTROCORE_REAL, with one difference: whatever the real engine decides about a store, the glue is told introGuestAllowed.
 * A test that sees an attack blocked with the real library and landing with this one has shown that it is the library's
 * verdict, and nothing in the glue, that decides. Alerts, registers and statuses are the real ones.
 *
 * The handler that the engine gives to the glue's RegisterEPTHandler is wrapped as well: the real IntInit gets a copy of
 * the glue's table in which that member is replaced; what it fills in is copied back. One table at a time, as in the
 * library itself; the process ends with a message when the real library cannot be loaded. A function that the real library
 * does not have answers INT_STATUS_OPERATION_NOT_IMPLEMENTED.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only the functions of the header are visible from outside. */
#pragma GCC visibility push(default)
#include "introcore.h"
#pragma GCC visibility pop

#include "library.h"

static struct library real;
static pthread_once_t real_once = PTHREAD_ONCE_INIT;
static PFUNC_IntRegisterEPTHandler glue_register;
static PFUNC_IntEPTViolationCallback engine_handler;

static void load_real(void)
{
    const char *path = getenv("INTROCORE_REAL");
    const char *missing = "INTROCORE_REAL is not set";
    if (path == NULL || !library_open(&real, path, &missing) || real.IntInit == NULL) {
        fprintf(stderr, "allow-all: %s\n", missing);
        abort();
    }
}

static struct library *real_library(void)
{
    pthread_once(&real_once, load_real);
    return &real;
}

static INTSTATUS allow_ept(void *guest, QWORD gpa, DWORD length, QWORD gla, DWORD cpu, INTRO_ACTION *action,
                           IG_EPT_ACCESS type)
{
    INTSTATUS status = engine_handler(guest, gpa, length, gla, cpu, action, type);
    if (action != NULL)
        *action = introGuestAllowed;
    return status;
}

/* The engine has one handler for all guests, so that remembering the last one is enough. */
static INTSTATUS register_wrapped(void *guest, PFUNC_IntEPTViolationCallback callback)
{
    engine_handler = callback;
    return glue_register(guest, callback != NULL ? allow_ept : NULL);
}

void IntPreinit(void)
{
    real_library()->IntPreinit();
}

INTSTATUS IntInit(GLUE_IFACE *glue, UPPER_IFACE *upper)
{
    struct library *library = real_library();
    if (glue == NULL || glue->RegisterEPTHandler == NULL)
        return library->IntInit(glue, upper);

    GLUE_IFACE copy = *glue;
    PFUNC_IntRegisterEPTHandler former = glue_register;
    glue_register = glue->RegisterEPTHandler;
    copy.RegisterEPTHandler = register_wrapped;
    INTSTATUS status = library->IntInit(&copy, upper);
    if (status == INT_STATUS_SUCCESS) {
        size_t half = offsetof(GLUE_IFACE, NewGuestNotification);
        memcpy((char *)glue + half, (char *)&copy + half, sizeof *glue - half);
    } else {
        glue_register = former;
    }
    return status;
}

INTSTATUS IntUninit(void)
{
    return real_library()->IntUninit();
}

BOOLEAN IntCheckCompatibility(DWORD major, DWORD minor, DWORD revision, DWORD build, DWORD *intro_major,
                              DWORD *intro_minor, DWORD *intro_revision, DWORD *intro_build, DWORD reserved)
{
    return real_library()->IntCheckCompatibility(major, minor, revision, build, intro_major, intro_minor, intro_revision,
                                                 intro_build, reserved);
}

INTSTATUS IntHandleEptViolation(void *guest, QWORD gpa, DWORD length, QWORD gla, DWORD cpu, INTRO_ACTION *action,
                                IG_EPT_ACCESS type)
{
    INTSTATUS status = real_library()->IntHandleEptViolation(guest, gpa, length, gla, cpu, action, type);
    if (action != NULL)
        *action = introGuestAllowed;
    return status;
}

INTSTATUS IntHandleMsrViolation(void *guest, DWORD msr, IG_MSR_HOOK_TYPE flags, INTRO_ACTION *action, QWORD original,
                                QWORD *value, DWORD cpu)
{
    return real_library()->IntHandleMsrViolation(guest, msr, flags, action, original, value, cpu);
}

INTSTATUS IntHandleCrWrite(void *guest, DWORD cr, DWORD cpu, QWORD old_value, QWORD new_value, INTRO_ACTION *action)
{
    return real_library()->IntHandleCrWrite(guest, cr, cpu, old_value, new_value, action);
}

INTSTATUS IntHandleXcrWrite(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    return real_library()->IntHandleXcrWrite(guest, cpu, action);
}

INTSTATUS IntHandleDtrViolation(void *guest, DWORD flags, DWORD cpu, INTRO_ACTION *action)
{
    return real_library()->IntHandleDtrViolation(guest, flags, cpu, action);
}

INTSTATUS IntHandleBreakpoint(void *guest, QWORD gpa, DWORD cpu)
{
    return real_library()->IntHandleBreakpoint(guest, gpa, cpu);
}

INTSTATUS IntHandleEventInjection(void *guest, DWORD vector, QWORD error, QWORD cr2, DWORD cpu)
{
    return real_library()->IntHandleEventInjection(guest, vector, error, cr2, cpu);
}

INTSTATUS IntHandleIntroCall(void *guest, QWORD rip, DWORD cpu)
{
    return real_library()->IntHandleIntroCall(guest, rip, cpu);
}

INTSTATUS IntHandleTimer(void *guest)
{
    return real_library()->IntHandleTimer(guest);
}

INTSTATUS IntConfigureGuest(void *guest, const INTRO_GUEST_CONFIG *config)
{
    return real_library()->IntConfigureGuest(guest, config);
}

INTSTATUS IntDeclareGuestMemory(void *guest, QWORD gpa, QWORD size, void *host)
{
    return real_library()->IntDeclareGuestMemory(guest, gpa, size, host);
}

INTSTATUS IntRemoveGuestMemory(void *guest, QWORD gpa, QWORD size)
{
    return real_library()->IntRemoveGuestMemory(guest, gpa, size);
}

INTSTATUS IntFlushGuestMemory(void *guest, QWORD gpa, QWORD size)
{
    return real_library()->IntFlushGuestMemory(guest, gpa, size);
}

INTSTATUS IntTranslateLinear(void *guest, DWORD cpu, QWORD gla, QWORD cr3, DWORD mode, QWORD *gpa)
{
    return real_library()->IntTranslateLinear(guest, cpu, gla, cr3, mode, gpa);
}

INTSTATUS IntGetVcpuRecords(void *guest, void **base, DWORD *stride, DWORD *count)
{
    return real_library()->IntGetVcpuRecords(guest, base, stride, count);
}

INTSTATUS IntHandleDeviceStore(void *guest, QWORD gpa, DWORD size, const void *data, INTRO_ACTION *action)
{
    INTSTATUS status = real_library()->IntHandleDeviceStore(guest, gpa, size, data, action);
    if (action != NULL)
        *action = introGuestAllowed;
    return status;
}

INTSTATUS IntGuestReset(void *guest)
{
    struct library *library = real_library();
    return library->IntGuestReset != NULL ? library->IntGuestReset(guest) : INT_STATUS_OPERATION_NOT_IMPLEMENTED;
}

INTSTATUS IntQueryGuest(void *guest, const CHAR *topic, CHAR *buffer, size_t *size)
{
    struct library *library = real_library();
    return library->IntQueryGuest != NULL ? library->IntQueryGuest(guest, topic, buffer, size)
                                          : INT_STATUS_OPERATION_NOT_IMPLEMENTED;
}

INTSTATUS IntContinueWork(void *guest)
{
    struct library *library = real_library();
    return library->IntContinueWork != NULL ? library->IntContinueWork(guest) : INT_STATUS_OPERATION_NOT_IMPLEMENTED;
}

INTSTATUS IntEmergencyStop(void)
{
    struct library *library = real_library();
    return library->IntEmergencyStop != NULL ? library->IntEmergencyStop() : INT_STATUS_OPERATION_NOT_IMPLEMENTED;
}

DWORD IntLibraryVersion(void)
{
    return real_library()->IntLibraryVersion();
}

const CHAR *IntStatusToString(INTSTATUS status)
{
    return real_library()->IntStatusToString(status);
}
