// SPDX-License-Identifier: GPL-2.0-or-later
// The common part of the exits.

#include "vcpu_exit.h"

#include <inttypes.h>

#include "engine.h"
#include "event_log.h"

#define MAX_RETRIES 1000 /* in a row of one instruction */

void vcpu_exit_begin(Vcpu *vcpu)
{
    VCPU_STATE *record = vcpu->record;

    vcpu_read_registers(vcpu, &record->Regs);
    vcpu_read_tables(vcpu, &record->Regs);
    record->Regs.Dr7 = vcpu_read_dr7(vcpu);
    record->Ia32Efer = vcpu_read_efer(vcpu);
    record->Xcr0 = vcpu_read_xcr0(vcpu);
    record->CsType = vcpu_cs_type(vcpu);
    record->Cpl = vcpu_cpl(vcpu);
    vcpu_read_segments(vcpu, record->Segments);
    record->ExitFlags = 0;
    record->ExitDataSize = 0;
    record->DirtyMask = 0;
    record->PushedMask = VCPU_REG_GPRS | VCPU_REG_RIP | VCPU_REG_FLAGS | VCPU_REG_CR0 | VCPU_REG_CR2 | VCPU_REG_CR3 |
                         VCPU_REG_CR4 | VCPU_REG_CR8 | VCPU_REG_DR7 | VCPU_REG_EFER | VCPU_REG_CS_TYPE | VCPU_REG_CPL |
                         VCPU_REG_SEGMENTS | VCPU_REG_TABLES | VCPU_REG_XCR0;
    vcpu->patch_size = 0;
    vcpu->is_in_exit = true;
}

void vcpu_exit_end(Vcpu *vcpu, const char *what, INTSTATUS status, INTRO_ACTION action)
{
    vcpu->is_in_exit = false;
    if (INT_SUCCESS(status) || status == INT_STATUS_NOT_FOUND)
        return;
    vcpu->record->Instruction.Length = 0; // it may be that of another exit
    log_error_limited("cpu=%u rip=0x%" PRIx64 ": the engine's handler of %s failed: %s; its action is %d", vcpu->index,
                      vcpu->state->rip, what, engine.IntStatusToString(status), action);
}

bool vcpu_exit_is_retried(Vcpu *vcpu, INTRO_ACTION action)
{
    if (action != introGuestRetry) {
        vcpu->retries = 0;
        return false;
    }
    if (vcpu->retry_rip != vcpu->state->rip) {
        vcpu->retry_rip = vcpu->state->rip;
        vcpu->retries = 0;
    }
    if (++vcpu->retries < MAX_RETRIES)
        return true;
    log_error_limited("cpu=%u rip=0x%" PRIx64 ": the engine asked %u times in a row to retry; what it does is dropped",
                      vcpu->index, vcpu->state->rip, vcpu->retries);
    vcpu->retries = 0;
    return false;
}

QWORD vcpu_exit_take_changes(Vcpu *vcpu)
{
    QWORD mask = vcpu->record->DirtyMask | vcpu->set_registers;

    vcpu->record->DirtyMask = 0;
    vcpu->set_registers = 0;
    return mask;
}

void vcpu_exit_set_registers(Vcpu *vcpu, QWORD mask)
{
    QWORD rest = vcpu_write_registers(vcpu, &vcpu->record->Regs, mask);

    if (rest)
        log_error_limited("cpu=%u: registers of mask 0x%" PRIx64 " cannot be changed by this glue", vcpu->index, rest);
}

bool vcpu_exit_apply(Vcpu *vcpu, StoreOrigin origin)
{
    QWORD mask = vcpu_exit_take_changes(vcpu);

    if (!mask)
        return false;
    if (origin != STORE_BY_INSTRUCTION) {
        log_error_limited("cpu=%u rip=0x%" PRIx64 ": registers were not changed: the access is not that of an instruction",
                          vcpu->index, vcpu->state->rip);
        return false;
    }
    if (!(mask & VCPU_REG_RIP)) {
        if (!vcpu->record->Instruction.Length) {
            log_error_limited("cpu=%u rip=0x%" PRIx64 ": registers were not changed: the engine gave no instruction length",
                              vcpu->index, vcpu->state->rip);
            return false;
        }
        vcpu->record->Regs.Rip = vcpu->state->rip + vcpu->record->Instruction.Length;
        mask |= VCPU_REG_RIP;
    }
    vcpu_exit_set_registers(vcpu, mask);
    return true;
}
