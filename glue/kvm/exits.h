/* SPDX-License-Identifier: MIT */
/** The exits that belong to the engine. Each on the thread of its vCPU. */
#ifndef INTROKVM_EXITS_H
#define INTROKVM_EXITS_H

#include "vm.h"

/** What is done about an exit. */
typedef enum ExitResult {
    EXIT_HANDLED,  /* enter the guest again */
    EXIT_FOR_VMM,  /* it is not the engine's */
    EXIT_FAILED    /* errno says why */
} ExitResult;

/** KVM_EXIT_MMIO: a store to a guarded page. */
ExitResult store_exit(Vcpu *vcpu);

/** KVM_EXIT_X86_WRMSR. */
ExitResult msr_exit(Vcpu *vcpu);

/** KVM_EXIT_INTERNAL_ERROR: an instruction that KVM cannot emulate, maybe since it stores to a guarded page. */
ExitResult step_exit(Vcpu *vcpu);

/** An instruction that the vCPU may be stuck at. As KVM_RUN, with an error number for a result: 0 is an exit to be handled. */
int step_suspect(Vcpu *vcpu);

/** Asks the engine about bytes that an instruction stores, size 1 to 64, within one page; RIP is past the instruction. */
INTRO_ACTION store_ask(Vcpu *vcpu, QWORD gpa, const BYTE *bytes, DWORD size);

/** Whether such a store is to land, by the engine's answer. */
bool store_lands(INTRO_ACTION action);

/** Makes registers that the engine has changed in this exit the vCPU's. */
void exit_apply_registers(Vcpu *vcpu);

/** Lets KVM complete what the exit has begun, without entering the guest. False: it has exited once more to do so. */
bool exit_complete(Vcpu *vcpu);

#endif
