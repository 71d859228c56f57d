/* SPDX-License-Identifier: MIT */
/**
 * Taking vCPUs out of the guest, and keeping them out.
 *
 * A vCPU says that it is inside before it enters, and looks whether the gate is closed after that; who closes the gate does so first and
 * then waits until nobody is inside. So one of the two sees the other, and neither takes a lock where the gate is open.
 *
 * A vCPU may run alone, with all others stopped, to step an instruction: it is inside, with the gate closed by itself and nobody else,
 * so that whoever closes the gate next waits for it, too.
 */
#ifndef INTROKVM_GATE_H
#define INTROKVM_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "introcore_kvm.h"

struct Vcpu;

/** Of a guest. */
typedef struct Gate {
    pthread_mutex_t lock;   /* for waiting on changed */
    pthread_cond_t changed; /* a vCPU is outside, or the gate was opened */
    atomic_uint closed;     /* how many keep it closed */
    pthread_mutex_t alone;  /* one vCPU at a time runs alone */
} Gate;

/** Of a vCPU. */
typedef struct Presence {
    atomic_bool is_inside;  /* in the guest, or about to be */
    atomic_bool is_alone;   /* inside with the gate closed: not to be kicked */
    atomic_bool is_kicked;  /* immediate_exit was set by us, and the next EINTR is to clear it */
    atomic_bool is_settled; /* outside, and the last exit has left nothing to complete */
    atomic_uint exits;      /* odd while an exit is being handled */
    pthread_mutex_t lock;   /* of the two below: a thread that is signalled must not end meanwhile */
    pthread_t thread;
    bool has_thread;        /* one is in introkvm_run */
} Presence;

void gate_prepare(Gate *gate);
void gate_dispose(Gate *gate);

/** Begins and ends the time in which this thread is that of the vCPU. */
void gate_take_thread(struct Vcpu *vcpu);
void gate_leave_thread(struct Vcpu *vcpu);

/** Closes the gate; all vCPUs but the caller's are outside when it returns, and their registers can be read. Nests, also among threads. */
void gate_close(IntroKvm *vm);
void gate_open(IntroKvm *vm);

/** For the thread of a vCPU, around KVM_RUN. Entering waits while the gate is closed. */
void gate_enter(struct Vcpu *vcpu);
void gate_leave(struct Vcpu *vcpu);

/** The same with all other vCPUs stopped, from the first to the second. In between gate_step_done says that it is outside again. */
void gate_enter_alone(struct Vcpu *vcpu);
void gate_step_done(struct Vcpu *vcpu);
void gate_leave_alone(struct Vcpu *vcpu);

/** Makes a vCPU that is inside come out soon; without effect elsewhere, but for an EINTR. */
void gate_kick(struct Vcpu *vcpu);

/** Makes the next KVM_RUN of this thread's vCPU end at once with EINTR, after it has completed what the last exit began. */
void gate_expect_interruption(struct Vcpu *vcpu);

/** Waits until every exit that is being handled has ended, but the caller's. Nothing that it needs may be held. */
void gate_wait_for_exits(IntroKvm *vm);

#endif
