/* SPDX-License-Identifier: MIT */
/* The process and the first half of the glue's table. */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MSR_EFER 0xC0000080u
#define EFER_LONG_MODE 0xD01u

struct library lib;
GLUE_IFACE host_glue;
_Thread_local unsigned long host_queries, host_maps, host_alerts, host_lines;

void host_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static INTSTATUS query(void *handle, DWORD info_class, void *parameter, void *buffer, DWORD length)
{
    const struct guest *guest = handle;
    uintptr_t vcpu = (uintptr_t)parameter < guest->vcpu_count ? (uintptr_t)parameter : 0;
    (void)length;
    host_queries++;
    switch (info_class) {
    case IG_QUERY_INFO_CLASS_REGISTER_STATE:
    case IG_QUERY_INFO_CLASS_REGISTER_STATE_GPRS:
        memcpy(buffer, &guest->regs[vcpu], sizeof guest->regs[vcpu]);
        return INT_STATUS_SUCCESS;
    case IG_QUERY_INFO_CLASS_CS_TYPE:
        *(DWORD *)buffer = IG_CS_TYPE_64B;
        return INT_STATUS_SUCCESS;
    case IG_QUERY_INFO_CLASS_CS_RING:
    case IG_QUERY_INFO_CLASS_CURRENT_TID:
        *(DWORD *)buffer = 0;
        return INT_STATUS_SUCCESS;
    case IG_QUERY_INFO_CLASS_READ_MSR:
        ((IG_QUERY_MSR *)buffer)->Value = ((IG_QUERY_MSR *)buffer)->MsrId == MSR_EFER ? EFER_LONG_MODE : 0;
        return INT_STATUS_SUCCESS;
    case IG_QUERY_INFO_CLASS_CPU_COUNT:
        *(DWORD *)buffer = guest->vcpu_count;
        return INT_STATUS_SUCCESS;
    case IG_QUERY_INFO_CLASS_TSC_SPEED:
        *(QWORD *)buffer = 2000000000;
        return INT_STATUS_SUCCESS;
    default:
        return INT_STATUS_OPERATION_NOT_SUPPORTED;
    }
}

static INTSTATUS map(void *handle, QWORD gpa, DWORD length, DWORD flags, void **host)
{
    const struct guest *guest = handle;
    (void)flags;
    host_maps++;
    if (gpa >= RAM_SIZE || length > RAM_SIZE - gpa)
        return INT_STATUS_NOT_FOUND;
    *host = guest->ram + gpa;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS unmap(void *handle, void **host)
{
    (void)handle;
    *host = NULL;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS set_rights(void *handle, DWORD ept, QWORD gpa, BYTE read, BYTE write, BYTE execute)
{
    (void)handle, (void)ept, (void)gpa, (void)read, (void)write, (void)execute;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS register_ept(void *handle, PFUNC_IntEPTViolationCallback callback)
{
    (void)handle, (void)callback;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS register_cr(void *handle, PFUNC_IntCrWriteCallback callback)
{
    (void)handle, (void)callback;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS register_msr(void *handle, PFUNC_IntMSRViolationCallback callback)
{
    (void)handle, (void)callback;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS accept_handle(void *handle)
{
    (void)handle;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS accept_cr(void *handle, DWORD cr)
{
    (void)handle, (void)cr;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS accept_msr(void *handle, DWORD msr, BOOLEAN *before)
{
    (void)handle, (void)msr;
    *before = FALSE;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS count_alert(void *handle, DWORD event_class, void *event, size_t size)
{
    (void)handle, (void)event_class, (void)event, (void)size;
    host_alerts++;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS count_line(const CHAR *file, DWORD line, const CHAR *format, ...)
{
    (void)file, (void)line, (void)format;
    host_lines++;
    return INT_STATUS_SUCCESS;
}

void host_load(const char *path)
{
    const char *missing = NULL;
    if (!library_open(&lib, path, &missing))
        host_fail("%s", missing);
    if (missing != NULL)
        host_fail("%s has no %s", path, missing);

    host_glue = (GLUE_IFACE){
        .Version = GLUE_IFACE_VERSION_1,
        .Size = GLUE_IFACE_VERSION_1_SIZE,
        .QueryGuestInfo = query,
        .PhysMemMapToHost = map,
        .PhysMemUnmap = unmap,
        .SetEPTPageProtection = set_rights,
        .RegisterEPTHandler = register_ept,
        .UnregisterEPTHandler = accept_handle,
        .EnableMSRExit = accept_msr,
        .DisableMSRExit = accept_msr,
        .RegisterMSRHandler = register_msr,
        .UnregisterMSRHandler = accept_handle,
        .EnableCrWriteExit = accept_cr,
        .DisableCrWriteExit = accept_cr,
        .RegisterCrWriteHandler = register_cr,
        .UnregisterCrWriteHandler = accept_handle,
        .NotifyIntrospectionAlert = count_alert,
    };
    UPPER_IFACE upper = {.Version = UPPER_IFACE_VERSION_1, .Size = UPPER_IFACE_VERSION_1_SIZE, .TracePrint = count_line};
    lib.IntPreinit();
    INTSTATUS status = lib.IntInit(&host_glue, &upper);
    if (status != INT_STATUS_SUCCESS)
        host_fail("IntInit: %s", lib.IntStatusToString(status));
}
