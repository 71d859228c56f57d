/* SPDX-License-Identifier: MIT */
/**
 * vCPUs that do not get on.
 *
 * There are stores to a read-only slot that KVM neither reports nor completes: it goes back to the instruction again and again
 * (SGDT and SIDT, the frame of an exception, with NPT or EPT the processor's marks in a page table). The guest's vCPU is then stuck in
 * KVM_RUN, though it can be interrupted. So a vCPU that has had no exit for a while is interrupted; if it is twice at the same place, an
 * instruction is stepped to see whether it can be executed at all; and if not, it is stepped with its stores let through, see
 * step_exit.c. A guest that waits in a loop, or for an interrupt, costs an interruption now and then.
 */
#ifndef INTROKVM_PROGRESS_H
#define INTROKVM_PROGRESS_H

#include <stdbool.h>

#include "introcore.h"
#include "introcore_kvm.h"

struct Vcpu;

/** How often progress_look is to be called, a second. */
#define PROGRESS_FREQUENCY 10

/** Of a vCPU. */
typedef struct Progress {
    unsigned looked_at_exits; /* at the last look; of the thread that looks */
    unsigned same;            /* interruptions in a row with these registers; of the vCPU's thread, as the rest */
    QWORD rip, rsp, rcx, rsi, rdi;
    QWORD hopeless; /* an instruction that stepping did not help; 0: none */
} Progress;

/** Interrupts every vCPU that has had no exit since the last look, if any page is guarded. */
void progress_look(IntroKvm *vm);

/** After an interruption: whether the vCPU seems to be stuck. */
bool progress_is_suspect(struct Vcpu *vcpu);

/** Whether it is where it was at the interruption. */
bool progress_is_none(const struct Vcpu *vcpu);

#endif
