/* SPDX-License-Identifier: MIT */
/**
 * Exceptions for the guest. A request waits in the vCPU until its thread is about to enter the guest, is then given to KVM, and
 * the engine is told what was really delivered at the exit after.
 */
#ifndef INTROKVM_INJECTION_H
#define INTROKVM_INJECTION_H

#include <stdatomic.h>

#include "introcore.h"

struct Vcpu;

typedef enum InjectionState {
    INJECTION_NONE,
    INJECTION_FILLING, /* by the thread that asks */
    INJECTION_ASKED,
    INJECTION_GIVEN    /* to KVM */
} InjectionState;

/** Of a vCPU: one exception at a time. */
typedef struct Injection {
    _Atomic(InjectionState) state;
    DWORD vector, error;
    QWORD cr2;
} Injection;

/** InjectTrap. */
INTSTATUS injection_ask(void *guest, DWORD cpu, BYTE vector, DWORD error, QWORD cr2);

/** Gives a request to KVM; on the vCPU's thread, before the guest is entered. */
void injection_give(struct Vcpu *vcpu);

/** Tells the engine what became of it; after KVM_RUN. */
void injection_acknowledge(struct Vcpu *vcpu);

#endif
