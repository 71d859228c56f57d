// SPDX-License-Identifier: GPL-2.0-or-later
// The engine's alerts as lines of the log.

#include "alerts.h"

#include <inttypes.h>
#include <stdio.h>

#include "event_log.h"
#include "vcpu.h"

#define SHOWN_BYTES 64u

const char *alert_action_name(INTRO_ACTION action)
{
    static const char *const names[] = {"Allowed", "AllowedVirtual", "AllowedPatched", "NotAllowed", "Ignore", "Retry"};

    return (unsigned)action < sizeof names / sizeof *names ? names[action] : "unknown";
}

/** Bytes of memory in their order there. text has room for two digits each and the end. */
static void to_hex(const void *bytes, unsigned count, char *text)
{
    const BYTE *byte = bytes;

    for (unsigned i = 0; i < count; i++)
        sprintf(text + 2 * i, "%02x", byte[i]);
    text[2 * count] = '\0';
}

static void show_violation(const EVENT_EPT_VIOLATION *event)
{
    const INTRO_VIOLATION_HEADER *header = &event->Header;
    const INTRO_CPUCTX *context = &header->CpuContext;
    const Vcpu *vcpu = context->Valid ? vcpu_get(context->Cpu) : NULL;
    unsigned size = event->u.WriteInfo.Size < SHOWN_BYTES ? event->u.WriteInfo.Size : SHOWN_BYTES;
    char old[2 * SHOWN_BYTES + 1] = "", new[2 * SHOWN_BYTES + 1] = "", gate[16] = "none";
    char instruction[sizeof context->Instruction + 1];
    QWORD gla;

    if (event->Violation == INTRO_EPT_WRITE) {
        to_hex(event->u.WriteInfo.OldValue, size, old);
        to_hex(event->u.WriteInfo.NewValue, size, new);
    }
    if (event->Victim.Type == introObjectTypeIdt)
        snprintf(gate, sizeof gate, "%u", event->Victim.IdtEntry);
    snprintf(instruction, sizeof instruction, "%.*s", (int)sizeof context->Instruction, context->Instruction);
    // Without a linear address there is no page of one either.
    gla = event->VirtualPage ? event->VirtualPage + event->Offset : 0;
    log_event("alert",
              "class=ept cpu=%d rip=0x%" PRIx64 " cr3=0x%" PRIx64 " cpl=%d gla=0x%" PRIx64 " gpa=0x%" PRIx64
              " size=%u old=%s new=%s gate=%s action=%s beta=%d mitre=%d instruction=\"%s\"",
              vcpu ? (int)vcpu->index : -1, context->Rip, context->Cr3, vcpu ? (int)vcpu_cpl(vcpu) : -1,
              gla, event->PhysicalPage + event->Offset, event->u.WriteInfo.Size, old, new, gate,
              alert_action_name(header->Action), (header->Flags & ALERT_FLAG_BETA) != 0, header->MitreID, instruction);
}

/** Logs an event that is shorter than its class. */
static bool has_size(const char *class, size_t size, size_t expected)
{
    if (size >= expected)
        return true;
    log_error_limited("an alert of class %s has %zu bytes instead of %zu", class, size, expected);
    return false;
}

INTSTATUS notify_alert(void *guest, DWORD event_class, void *parameters, size_t size)
{
    (void)guest;
    if (!parameters)
        return INT_STATUS_INVALID_PARAMETER_3;
    switch (event_class) {
    case introEventEptViolation:
        if (!has_size("ept", size, sizeof(EVENT_EPT_VIOLATION)))
            return INT_STATUS_INVALID_DATA_SIZE;
        show_violation(parameters);
        return INT_STATUS_SUCCESS;
    case introEventCrViolation:
        if (!has_size("cr", size, sizeof(EVENT_CR_VIOLATION)))
            return INT_STATUS_INVALID_DATA_SIZE;
        alert_show_cr(parameters);
        return INT_STATUS_SUCCESS;
    case introEventMsrViolation:
        if (!has_size("msr", size, sizeof(EVENT_MSR_VIOLATION)))
            return INT_STATUS_INVALID_DATA_SIZE;
        alert_show_msr(parameters);
        return INT_STATUS_SUCCESS;
    case introEventDtrViolation:
        if (!has_size("dtr", size, sizeof(EVENT_DTR_VIOLATION)))
            return INT_STATUS_INVALID_DATA_SIZE;
        alert_show_dtr(parameters);
        return INT_STATUS_SUCCESS;
    default:
        log_event("alert", "class=%u size=%zu", event_class, size);
        return INT_STATUS_SUCCESS;
    }
}
