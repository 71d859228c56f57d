/* SPDX-License-Identifier: MIT */
/* What the engine calls: the first half of GLUE_IFACE, each call checked and recorded. */
#include "fake-hypervisor.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct guest *fake_guest_of(void *handle, const char *function)
{
    struct guest *guest = handle;
    if (guest == NULL || guest->magic != GUEST_MAGIC) {
        host_error("%s was called with a handle that is none", function);
        return NULL;
    }
    return guest;
}

static INTSTATUS count(void *handle, enum count kind, const char *function)
{
    struct guest *guest = fake_guest_of(handle, function);
    if (guest == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    atomic_fetch_add(&guest->counts[kind], 1);
    return INT_STATUS_SUCCESS;
}

/* ---- rights ------------------------------------------------------------------------------------------------------- */

static INTSTATUS fake_get_rights(void *handle, DWORD ept, QWORD gpa, BYTE *read, BYTE *write, BYTE *execute)
{
    struct guest *guest = fake_guest_of(handle, "GetEPTPageProtection");
    (void)ept;
    if (guest == NULL || gpa >= GUEST_RAM_SIZE)
        return INT_STATUS_INVALID_PARAMETER_3;
    BYTE rights = guest->rights[gpa >> 12];
    *read = rights & 1, *write = rights >> 1 & 1, *execute = rights >> 2 & 1;
    return INT_STATUS_SUCCESS;
}

static INTSTATUS fake_set_rights(void *handle, DWORD ept, QWORD gpa, BYTE read, BYTE write, BYTE execute)
{
    struct guest *guest = fake_guest_of(handle, "SetEPTPageProtection");
    (void)ept;
    if (guest == NULL || gpa >= GUEST_RAM_SIZE)
        return INT_STATUS_INVALID_PARAMETER_3;
    if (guest->set_rights_status != INT_STATUS_SUCCESS)
        return guest->set_rights_status;
    atomic_fetch_add(&guest->counts[COUNT_SET_RIGHTS], 1);
    guest->rights[gpa >> 12] = (BYTE)((read != 0) | (write != 0) << 1 | (execute != 0) << 2);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS fake_register_ept(void *handle, PFUNC_IntEPTViolationCallback callback)
{
    struct guest *guest = fake_guest_of(handle, "RegisterEPTHandler");
    if (guest == NULL || callback == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    if (guest->register_status != INT_STATUS_SUCCESS)
        return guest->register_status;
    atomic_store(&guest->ept_handler, callback);
    return count(handle, COUNT_REGISTER_EPT, "RegisterEPTHandler");
}

static INTSTATUS fake_unregister_ept(void *handle)
{
    struct guest *guest = fake_guest_of(handle, "UnregisterEPTHandler");
    if (guest == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    atomic_store(&guest->ept_handler, NULL);
    return count(handle, COUNT_UNREGISTER_EPT, "UnregisterEPTHandler");
}

/* ---- notifications ------------------------------------------------------------------------------------------------ */

static pthread_mutex_t alert_lock = PTHREAD_MUTEX_INITIALIZER;

static INTSTATUS fake_alert(void *handle, DWORD event_class, void *parameters, size_t size)
{
    struct guest *guest = fake_guest_of(handle, "NotifyIntrospectionAlert");
    if (guest == NULL || parameters == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    if (event_class != introEventEptViolation || size != sizeof(EVENT_EPT_VIOLATION)) {
        host_error("alert of class %u with %zu bytes", event_class, size);
        return INT_STATUS_INVALID_PARAMETER_2;
    }
    guest->alert_class = event_class;
    guest->alert_size = size;
    pthread_mutex_lock(&alert_lock);
    if (guest->alerts == NULL)
        guest->alerts = calloc(GUEST_MAX_ALERTS, sizeof *guest->alerts);
    pthread_mutex_unlock(&alert_lock);
    unsigned number = atomic_fetch_add(&guest->alert_count, 1);
    if (number < GUEST_MAX_ALERTS && guest->alerts != NULL)
        memcpy(&guest->alerts[number], parameters, size);
    if (guest->on_alert != NULL)
        guest->on_alert(guest, parameters);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS fake_activated(void *handle)
{
    return count(handle, COUNT_ACTIVATED, "NotifyIntrospectionActivated");
}

static INTSTATUS fake_deactivated(void *handle)
{
    return count(handle, COUNT_DEACTIVATED, "NotifyIntrospectionDeactivated");
}

static INTSTATUS fake_error_state(void *handle, INTRO_ERROR_STATE error, INTRO_ERROR_CONTEXT *context)
{
    (void)error, (void)context;
    return count(handle, COUNT_ERROR_STATE, "NotifyIntrospectionErrorState");
}

static INTSTATUS fake_pause(void *handle)
{
    return count(handle, COUNT_PAUSE, "PauseVcpus");
}

static INTSTATUS fake_resume(void *handle)
{
    return count(handle, COUNT_RESUME, "ResumeVcpus");
}

static INTSTATUS fake_release_buffer(void *handle, void *buffer, DWORD size)
{
    (void)buffer, (void)size;
    return count(handle, COUNT_RELEASE_BUFFER, "ReleaseBuffer");
}

static INTSTATUS fake_flush(void *handle)
{
    return count(handle, COUNT_OTHER, "FlushEPTPermissions");
}

static INTSTATUS fake_inject(void *handle, DWORD cpu, BYTE vector, DWORD error, QWORD cr2)
{
    struct guest *guest = fake_guest_of(handle, "InjectTrap");
    if (guest == NULL || cpu >= guest->cpu_count)
        return INT_STATUS_INVALID_PARAMETER_2;
    if (guest->inject_status != INT_STATUS_SUCCESS)
        return guest->inject_status;
    if (guest->injected.pending)
        host_error("an exception is asked for while another one is outstanding");
    guest->injected.count++;
    guest->injected.pending = true;
    guest->injected.cpu = cpu;
    guest->injected.vector = vector;
    guest->injected.error = error;
    guest->injected.cr2 = cr2;
    return count(handle, COUNT_OTHER, "InjectTrap");
}

static INTSTATUS fake_register_injection(void *handle, PFUNC_IntEventInjectionCallback callback)
{
    struct guest *guest = fake_guest_of(handle, "RegisterEventInjectionHandler");
    if (guest == NULL || callback == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    atomic_store(&guest->injection_handler, callback);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS fake_unregister_injection(void *handle)
{
    struct guest *guest = fake_guest_of(handle, "UnregisterEventInjectionHandler");
    if (guest == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    atomic_store(&guest->injection_handler, NULL);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS fake_emulator_context(void *handle, DWORD cpu, QWORD gla, DWORD size, PBYTE buffer)
{
    (void)cpu, (void)gla, (void)size, (void)buffer;
    return count(handle, COUNT_OTHER, "SetIntroEmulatorContext");
}

void fake_glue_fill(GLUE_IFACE *table)
{
    table->QueryGuestInfo = fake_query;
    table->PhysMemMapToHost = fake_map;
    table->PhysMemUnmap = fake_unmap;
    table->GetEPTPageProtection = fake_get_rights;
    table->SetEPTPageProtection = fake_set_rights;
    table->RegisterEPTHandler = fake_register_ept;
    table->UnregisterEPTHandler = fake_unregister_ept;
    table->PauseVcpus = fake_pause;
    table->ResumeVcpus = fake_resume;
    table->InjectTrap = fake_inject;
    table->RegisterEventInjectionHandler = fake_register_injection;
    table->UnregisterEventInjectionHandler = fake_unregister_injection;
    table->SetIntroEmulatorContext = fake_emulator_context;
    table->NotifyIntrospectionActivated = fake_activated;
    table->NotifyIntrospectionDeactivated = fake_deactivated;
    table->NotifyIntrospectionErrorState = fake_error_state;
    table->NotifyIntrospectionAlert = fake_alert;
    table->ReleaseBuffer = fake_release_buffer;
    table->FlushEPTPermissions = fake_flush;
}
