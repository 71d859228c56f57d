// SPDX-License-Identifier: GPL-2.0-or-later
// The engine's alerts about registers as lines of the log.

#include <inttypes.h>
#include <stdio.h>

#include "alerts.h"
#include "event_log.h"
#include "vcpu.h"

/** A line of one of the three classes: only the register and its values differ. */
static void show(const char *class, const INTRO_VIOLATION_HEADER *header, const char *name, const char *old, const char *new)
{
    const INTRO_CPUCTX *context = &header->CpuContext;
    const Vcpu *vcpu = context->Valid ? vcpu_get(context->Cpu) : NULL;

    log_event("alert",
              "class=%s cpu=%d rip=0x%" PRIx64 " cr3=0x%" PRIx64 " cpl=%d register=%s old=%s new=%s action=%s beta=%d async=%d "
              "mitre=%d instruction=\"%.*s\"",
              class, vcpu ? (int)vcpu->index : -1, context->Rip, context->Cr3, vcpu ? (int)vcpu_cpl(vcpu) : -1, name, old, new,
              alert_action_name(header->Action), (header->Flags & ALERT_FLAG_BETA) != 0,
              (header->Flags & ALERT_FLAG_ASYNC) != 0, header->MitreID, (int)sizeof context->Instruction, context->Instruction);
}

void alert_show_cr(const EVENT_CR_VIOLATION *event)
{
    char name[16], old[24], new[24];

    snprintf(name, sizeof name, "CR%u", event->Victim.Cr);
    snprintf(old, sizeof old, "0x%" PRIx64, event->WriteInfo.OldValue[0]);
    snprintf(new, sizeof new, "0x%" PRIx64, event->WriteInfo.NewValue[0]);
    show("cr", &event->Header, name, old, new);
}

void alert_show_msr(const EVENT_MSR_VIOLATION *event)
{
    char name[16], old[24], new[24];

    snprintf(name, sizeof name, "0x%x", event->Victim.Msr);
    snprintf(old, sizeof old, "0x%" PRIx64, event->WriteInfo.OldValue[0]);
    snprintf(new, sizeof new, "0x%" PRIx64, event->WriteInfo.NewValue[0]);
    show("msr", &event->Header, name, old, new);
}

void alert_show_dtr(const EVENT_DTR_VIOLATION *event)
{
    char old[48], new[48];

    snprintf(old, sizeof old, "0x%" PRIx64 "/0x%" PRIx64, event->WriteInfo.OldValue[0], event->WriteInfo.OldValue[1]);
    snprintf(new, sizeof new, "0x%" PRIx64 "/0x%" PRIx64, event->WriteInfo.NewValue[0], event->WriteInfo.NewValue[1]);
    show("dtr", &event->Header, event->Victim.Type == introObjectTypeGdtr ? "GDTR" : "IDTR", old, new);
}
