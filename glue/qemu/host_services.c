// SPDX-License-Identifier: GPL-2.0-or-later
// Memory, page rights and notifications for the engine.

#include "host_services.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "alerts.h"
#include "event_log.h"
#include "fetch_guard.h"
#include "guest_memory.h"
#include "register_services.h"
#include "timer_services.h"
#include "vcpu.h"
#include "page_guard.h"

static _Atomic(PFUNC_IntEPTViolationCallback) violation_handler;

PFUNC_IntEPTViolationCallback host_services_handler(void)
{
    return atomic_load(&violation_handler);
}

/* ---- memory ------------------------------------------------------------------------------------------------------- */

/** RAM alone: it stays where it is, so that nothing has to be undone by unmap. */
static INTSTATUS map_memory(void *guest, QWORD address, DWORD length, DWORD flags, void **host)
{
    const GuestRange *range = guest_memory_range(address, length);

    (void)guest;
    (void)flags; // there is no cache of mappings to bypass
    if (!host)
        return INT_STATUS_INVALID_PARAMETER_5;
    *host = range ? range->host + (address - range->gpa) : NULL;
    return range ? INT_STATUS_SUCCESS : INT_STATUS_NOT_FOUND;
}

static INTSTATUS unmap_memory(void *guest, void **host)
{
    (void)guest;
    if (host)
        *host = NULL;
    return INT_STATUS_SUCCESS;
}

/* ---- page rights -------------------------------------------------------------------------------------------------- */

static INTSTATUS get_rights(void *guest, DWORD ept, QWORD gpa, BYTE *read, BYTE *write, BYTE *execute)
{
    (void)guest;
    (void)ept; // there is one set of rights
    if (!read || !write || !execute)
        return INT_STATUS_INVALID_PARAMETER_MIX;
    *read = !(page_guard_get(gpa) & PAGE_GUARD_READ);
    *write = !(page_guard_get(gpa) & PAGE_GUARD_WRITE);
    *execute = !fetch_guard_get(gpa);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS set_rights(void *guest, DWORD ept, QWORD gpa, BYTE read, BYTE write, BYTE execute)
{
    INTSTATUS status;
    bool taken;

    (void)guest;
    (void)ept;
    taken = qemu_big_lock_acquire();
    status = page_guard_set(gpa, (write ? 0 : PAGE_GUARD_WRITE) | (read ? 0 : PAGE_GUARD_READ));
    if (INT_SUCCESS(status))
        status = fetch_guard_set(gpa, !execute);
    qemu_big_lock_release(taken);
    return status;
}

static INTSTATUS flush_rights(void *guest)
{
    bool taken = qemu_big_lock_acquire();

    (void)guest;
    page_guard_flush();
    fetch_guard_flush();
    qemu_big_lock_release(taken);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS register_handler(void *guest, PFUNC_IntEPTViolationCallback callback)
{
    (void)guest;
    if (!callback)
        return INT_STATUS_INVALID_PARAMETER_2;
    atomic_store(&violation_handler, callback);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS unregister_handler(void *guest)
{
    (void)guest;
    atomic_store(&violation_handler, NULL);
    return INT_STATUS_SUCCESS;
}

/** Bytes that the instruction of the current exit is to read instead of what is in memory. */
static INTSTATUS set_emulator_context(void *guest, DWORD cpu, QWORD address, DWORD size, PBYTE bytes)
{
    Vcpu *vcpu = cpu == IG_CURRENT_VCPU ? vcpu_current() : vcpu_get(cpu);

    (void)guest;
    if (!vcpu)
        return INT_STATUS_INVALID_PARAMETER_2;
    if (!bytes)
        return INT_STATUS_INVALID_PARAMETER_5;
    if (size > sizeof vcpu->patch)
        return INT_STATUS_NOT_SUPPORTED;
    if (!vcpu->is_in_exit)
        return INT_STATUS_INVALID_OPERATION_STATE;
    memcpy(vcpu->patch, bytes, size);
    vcpu->patch_size = size;
    vcpu->patch_address = address;
    return INT_STATUS_SUCCESS;
}

/* ---- notifications ------------------------------------------------------------------------------------------------ */

static INTSTATUS notify_activated(void *guest)
{
    (void)guest;
    log_event("active", "the guest is protected");
    return INT_STATUS_SUCCESS;
}

static INTSTATUS notify_detected(void *guest, GUEST_INFO *info)
{
    (void)guest;
    log_event("system", "type=%s version=%u.%u.%u", info->Type == introGuestLinux ? "Linux" : "other", info->OsVersion >> 24,
              (info->OsVersion >> 16) & 0xFF, info->OsVersion & 0xFFFF);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS notify_deactivated(void *guest)
{
    (void)guest;
    log_event("inactive", "the guest is not protected any more");
    return INT_STATUS_SUCCESS;
}

static INTSTATUS trace_print(const CHAR *file, DWORD line, const CHAR *format, ...)
{
    va_list arguments;

    (void)file;
    (void)line;
    va_start(arguments, format);
    log_event_list("engine", format, arguments);
    va_end(arguments);
    return INT_STATUS_SUCCESS;
}

void host_services_fill(GLUE_IFACE *glue, UPPER_IFACE *upper, unsigned untrapped)
{
    *glue = (GLUE_IFACE){
        .Version = GLUE_IFACE_VERSION_1,
        .Size = GLUE_IFACE_VERSION_1_SIZE,
        .QueryGuestInfo = query_guest_info,
        .PhysMemMapToHost = map_memory,
        .PhysMemUnmap = unmap_memory,
        .GetEPTPageProtection = get_rights,
        .SetEPTPageProtection = set_rights,
        .RegisterEPTHandler = register_handler,
        .UnregisterEPTHandler = unregister_handler,
        .NotifyIntrospectionActivated = notify_activated,
        .NotifyIntrospectionDeactivated = notify_deactivated,
        .NotifyIntrospectionDetectedOs = notify_detected,
        .NotifyIntrospectionAlert = notify_alert,
        .FlushEPTPermissions = flush_rights,
        .SetIntroEmulatorContext = set_emulator_context,
    };
    register_services_fill(glue, untrapped);
    timer_services_fill(glue);
    *upper = (UPPER_IFACE){
        .Version = UPPER_IFACE_VERSION_1,
        .Size = UPPER_IFACE_VERSION_1_SIZE,
        .TracePrint = trace_print,
    };
}

_Static_assert(sizeof(GLUE_IFACE) == GLUE_IFACE_VERSION_1_SIZE, "layout of GLUE_IFACE");
_Static_assert(sizeof(UPPER_IFACE) == UPPER_IFACE_VERSION_1_SIZE, "layout of UPPER_IFACE");
