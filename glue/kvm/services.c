// SPDX-License-Identifier: MIT
// Memory, rights, handlers and notifications for the engine.

#include "services.h"

#include <stdarg.h>

#include "log.h"
#include "vm.h"

/* ---- memory ------------------------------------------------------------------------------------------------------- */

/** RAM alone: it stays where it is, so that nothing has to be undone by unmap. */
static INTSTATUS map_memory(void *guest, QWORD address, DWORD length, DWORD flags, void **host)
{
    (void)flags; // there is no cache of mappings to bypass
    if (!host)
        return INT_STATUS_INVALID_PARAMETER_5;
    *host = memory_host(guest, address, length);
    return *host ? INT_STATUS_SUCCESS : INT_STATUS_NOT_FOUND;
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
    const Region *region = memory_find(guest, gpa, 1);

    (void)ept; // there is one set of rights
    if (!read || !write || !execute)
        return INT_STATUS_INVALID_PARAMETER_MIX;
    if (!region)
        return INT_STATUS_NOT_FOUND;
    *read = *execute = TRUE;
    *write = region->is_ram && !memory_is_guarded(region, gpa);
    return INT_STATUS_SUCCESS;
}

/** From the next flush on. Only the right to write can be withdrawn. */
static INTSTATUS set_rights(void *guest, DWORD ept, QWORD gpa, BYTE read, BYTE write, BYTE execute)
{
    IntroKvm *vm = guest;

    (void)ept;
    if (!read || !execute || (!write && !(vm->capabilities & INTROKVM_WRITE_TRAPS)))
        return INT_STATUS_NOT_SUPPORTED;
    return memory_guard(vm, gpa, !write);
}

static INTSTATUS flush_rights(void *guest)
{
    return memory_flush(guest);
}

/* ---- vCPUs -------------------------------------------------------------------------------------------------------- */

static INTSTATUS pause_vcpus(void *guest)
{
    gate_close(guest);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS resume_vcpus(void *guest)
{
    gate_open(guest);
    return INT_STATUS_SUCCESS;
}

/** The pair of functions that set and clear one of the handlers. */
#define REGISTRATION(name, type)                                                                                          \
    static INTSTATUS register_##name(void *guest, type callback)                                                          \
    {                                                                                                                     \
        if (!callback)                                                                                                    \
            return INT_STATUS_INVALID_PARAMETER_2;                                                                        \
        atomic_store(&((IntroKvm *)guest)->name##_handler, callback);                                                     \
        return INT_STATUS_SUCCESS;                                                                                        \
    }                                                                                                                     \
    static INTSTATUS unregister_##name(void *guest)                                                                       \
    {                                                                                                                     \
        atomic_store(&((IntroKvm *)guest)->name##_handler, NULL);                                                         \
        return INT_STATUS_SUCCESS;                                                                                        \
    }

REGISTRATION(store, PFUNC_IntEPTViolationCallback)
REGISTRATION(msr, PFUNC_IntMSRViolationCallback)
REGISTRATION(injection, PFUNC_IntEventInjectionCallback)

/* ---- notifications ------------------------------------------------------------------------------------------------ */

static INTSTATUS notify_alert(void *guest, DWORD event_class, void *parameters, size_t size)
{
    const IntroKvm *vm = guest;

    if (!parameters)
        return INT_STATUS_INVALID_PARAMETER_3;
    if (vm->config.alert)
        vm->config.alert(vm->config.context, event_class, parameters, size);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS trace_print(const CHAR *file, DWORD line, const CHAR *format, ...)
{
    va_list arguments;

    (void)file;
    (void)line;
    va_start(arguments, format);
    log_list("engine", format, arguments);
    va_end(arguments);
    return INT_STATUS_SUCCESS;
}

void services_fill(GLUE_IFACE *glue, UPPER_IFACE *upper)
{
    *glue = (GLUE_IFACE){
        .Version = GLUE_IFACE_VERSION_1,
        .Size = GLUE_IFACE_VERSION_1_SIZE,
        .QueryGuestInfo = query_guest_info,
        .PhysMemMapToHost = map_memory,
        .PhysMemUnmap = unmap_memory,
        .GetEPTPageProtection = get_rights,
        .SetEPTPageProtection = set_rights,
        .FlushEPTPermissions = flush_rights,
        .RegisterEPTHandler = register_store,
        .UnregisterEPTHandler = unregister_store,
        .EnableMSRExit = msr_filter_enable,
        .DisableMSRExit = msr_filter_disable,
        .RegisterMSRHandler = register_msr,
        .UnregisterMSRHandler = unregister_msr,
        .PauseVcpus = pause_vcpus,
        .ResumeVcpus = resume_vcpus,
        .RegisterIntroTimerHandler = timer_register,
        .UnregisterIntroTimerHandler = timer_unregister,
        .RegisterEventInjectionHandler = register_injection,
        .UnregisterEventInjectionHandler = unregister_injection,
        .InjectTrap = injection_ask,
        .NotifyIntrospectionAlert = notify_alert,
    };
    *upper = (UPPER_IFACE){
        .Version = UPPER_IFACE_VERSION_1,
        .Size = UPPER_IFACE_VERSION_1_SIZE,
        .TracePrint = trace_print,
    };
}

_Static_assert(sizeof(GLUE_IFACE) == GLUE_IFACE_VERSION_1_SIZE, "layout of GLUE_IFACE");
_Static_assert(sizeof(UPPER_IFACE) == UPPER_IFACE_VERSION_1_SIZE, "layout of UPPER_IFACE");
