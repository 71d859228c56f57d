/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <string.h>

#define EFER_LONG_MODE 0xD01u

void store_prepare(struct guest *guest, const struct store *store)
{
    IG_ARCH_REGS *regs = &guest->regs[store->vcpu];
    regs->Rip = GLA_KERNEL + GPA_CODE + store->code;
    regs->Rsi = store->value;
    if (store->code == CODE_PUSH) {
        regs->Rsp = GLA_KERNEL + store->gpa + 8;
        regs->Rdi = GLA_KERNEL + GPA_DATA;
    } else {
        regs->Rdi = GLA_KERNEL + store->gpa;
    }
}

void registers_push(const struct guest *guest, QWORD rip, VCPU_STATE *record)
{
    const IG_ARCH_REGS *regs = &guest->regs[0];
    record->Regs.Rip = rip;
    record->Regs.Cr0 = regs->Cr0;
    record->Regs.Cr3 = regs->Cr3;
    record->Regs.Cr4 = regs->Cr4;
    record->Ia32Efer = EFER_LONG_MODE;
    record->CsType = IG_CS_TYPE_64B;
    record->Cpl = IG_CS_RING_0;
    record->PushedMask = VCPU_REG_SUFFICIENT & ~VCPU_REG_GPRS;
}

/** What a glue that has the registers at hand does at an exit. */
static void push(const struct guest *guest, const struct store *store, VCPU_STATE *record)
{
    const IG_ARCH_REGS *regs = &guest->regs[store->vcpu];
    memcpy(&record->Regs, regs, 16 * sizeof(QWORD));
    registers_push(guest, regs->Rip, record);
    record->PushedMask = VCPU_REG_SUFFICIENT;
    if (guest->kind == GLUE_PUSHES) {
        memcpy(record->ExitData, &store->value, sizeof store->value);
        record->ExitDataSize = sizeof store->value;
        record->ExitFlags = VCPU_EXIT_DATA;
    }
}

INTRO_ACTION store_exit(struct guest *guest, const struct store *store)
{
    INTRO_ACTION action = introGuestRetry;
    if (guest->kind != GLUE_ASKED)
        push(guest, store, (VCPU_STATE *)(void *)(guest->records + (size_t)store->vcpu * guest->stride));
    lib.IntHandleEptViolation(guest, store->gpa, 8, GLA_KERNEL + store->gpa, store->vcpu, &action, IG_EPT_HOOK_WRITE);
    return action;
}
