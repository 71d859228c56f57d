/* SPDX-License-Identifier: MIT */
/* Exits: what the hypervisor tells the engine, and what it does with the answer. */
#include "fake-hypervisor.h"

#include <string.h>

#define RETRY_LIMIT 8

static void push_segment(VCPU_SEGMENT *to, const QWORD *from)
{
    to->Base = from[0];
    to->Limit = (DWORD)from[1];
    to->Selector = (WORD)from[2];
    to->Attributes = (WORD)from[3];
}

/* Fills the part of the record that belongs to the glue. What is not pushed gets rubbish: the engine must not look at it. */
static void push(struct guest *guest, const struct store *store)
{
    VCPU_STATE *record = guest_record(guest, store->cpu);
    const struct vcpu *cpu = &guest->cpus[store->cpu];
    memset(&record->Regs, 0xEE, sizeof record->Regs);
    if (store->pushed & VCPU_REG_GPRS)
        memcpy(&record->Regs, &cpu->regs, 16 * sizeof(QWORD));
    if (store->pushed & VCPU_REG_RIP)
        record->Regs.Rip = cpu->regs.Rip;
    if (store->pushed & VCPU_REG_FLAGS)
        record->Regs.Flags = cpu->regs.Flags;
    if (store->pushed & VCPU_REG_CR0)
        record->Regs.Cr0 = cpu->regs.Cr0;
    if (store->pushed & VCPU_REG_CR2)
        record->Regs.Cr2 = cpu->regs.Cr2;
    if (store->pushed & VCPU_REG_CR3)
        record->Regs.Cr3 = cpu->regs.Cr3;
    if (store->pushed & VCPU_REG_CR4)
        record->Regs.Cr4 = cpu->regs.Cr4;
    if (store->pushed & VCPU_REG_EFER)
        record->Ia32Efer = cpu->efer;
    record->CsType = store->pushed & VCPU_REG_CS_TYPE ? cpu->cs_type : IG_CS_TYPE_16B;
    record->Cpl = store->pushed & VCPU_REG_CPL ? cpu->cpl : 3;
    if (store->pushed & VCPU_REG_SEGMENTS) {
        const QWORD *segments = &cpu->segments.CsBase;
        for (unsigned i = 0; i < 6; i++)
            push_segment(&record->Segments[i], segments + 4 * i);
    }
    record->PushedMask = store->pushed;
    record->ExitFlags = store->flags;
    if (store->flags & VCPU_EXIT_DATA) {
        memset(record->ExitData, 0xDD, sizeof record->ExitData);
        memcpy(record->ExitData, store->data, store->size <= sizeof record->ExitData ? store->size : sizeof record->ExitData);
        record->ExitDataSize = store->size;
    }
}

struct outcome guest_store(struct guest *guest, const struct store *store)
{
    struct outcome outcome = {INT_STATUS_UNINITIALIZED_STATUS_VALUE, introGuestRetry, 0};
    IG_EPT_ACCESS access = store->access != 0 ? store->access : IG_EPT_HOOK_WRITE;
    QWORD gla = store->flags & VCPU_EXIT_NO_GLA ? 0xBAD0BAD0BAD0ull : store->gla;
    unsigned limit = store->flags & VCPU_EXIT_DATA ? 1 : RETRY_LIMIT;
    host_current_cpu = store->cpu;
    while (outcome.exits == 0 || (outcome.exits < limit && outcome.action == introGuestRetry && !guest->injected.pending)) {
        guest->cpus[store->cpu].regs.Rip = store->rip;
        if (guest->records != NULL && (store->pushed != 0 || store->flags != 0))
            push(guest, store);
        PFUNC_IntEPTViolationCallback handler = atomic_load(&guest->ept_handler);
        if (guest->use_exports || handler == NULL)
            handler = lib.IntHandleEptViolation;
        outcome.action = (INTRO_ACTION)0x7777;
        outcome.exits++;
        outcome.status = handler(guest, store->gpa, 0, gla, store->cpu, &outcome.action, access);
    }
    if (outcome.action == introGuestAllowed && store->data != NULL && store->size <= GUEST_RAM_SIZE &&
        store->gpa <= GUEST_RAM_SIZE - store->size)
        memcpy(guest->ram + store->gpa, store->data, store->size);
    return outcome;
}

struct outcome guest_store8(struct guest *guest, unsigned cpu, QWORD gla, QWORD gpa, QWORD value)
{
    guest->cpus[cpu].regs.Rdi = gla;
    guest->cpus[cpu].regs.Rsi = value;
    return guest_store(guest, &(struct store){
        .cpu = cpu, .rip = RIP_KERNEL(CODE_MOV8), .gla = gla, .gpa = gpa, .data = &value, .size = sizeof value,
        .pushed = VCPU_REG_SUFFICIENT | VCPU_REG_FLAGS, .flags = VCPU_EXIT_DATA,
    });
}
