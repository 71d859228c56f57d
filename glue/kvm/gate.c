// SPDX-License-Identifier: MIT
// Taking vCPUs out of the guest, and keeping them out.

#include "gate.h"

#include <signal.h>
#include <time.h>

#include "vm.h"

#define KICK_PERIOD 2000000 /* nanoseconds; a signal may come just before the guest is entered with an older immediate_exit */
#define POLL_PERIOD 50000

void gate_prepare(Gate *gate)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&gate->lock, NULL);
    pthread_mutex_init(&gate->alone, NULL);
    pthread_cond_init(&gate->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void gate_dispose(Gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->alone);
    pthread_mutex_destroy(&gate->lock);
}

/** Waits for a change, or a short time. With the lock. */
static void wait_for_change(Gate *gate)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += KICK_PERIOD;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&gate->changed, &gate->lock, &until);
}

static void announce_change(Gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

/* ---- who stops ---------------------------------------------------------------------------------------------------- */

void gate_kick(Vcpu *vcpu)
{
    Presence *presence = &vcpu->presence;

    pthread_mutex_lock(&presence->lock);
    if (presence->has_thread && atomic_load(&presence->is_inside) && !atomic_load(&presence->is_alone)) {
        atomic_store(&presence->is_kicked, true);
        __atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
        pthread_kill(presence->thread, vcpu->vm->config.kick_signal);
    }
    pthread_mutex_unlock(&presence->lock);
}

void gate_close(IntroKvm *vm)
{
    Gate *gate = &vm->gate;
    const Vcpu *own = vcpu_current();

    atomic_fetch_add(&gate->closed, 1);
    COUNT(vm, stops);
    for (DWORD i = 0; i < vm->vcpu_count; i++)
        if (vm->vcpus[i] != own)
            gate_kick(vm->vcpus[i]);
    pthread_mutex_lock(&gate->lock);
    for (DWORD i = 0; i < vm->vcpu_count; i++)
        while (vm->vcpus[i] != own && atomic_load(&vm->vcpus[i]->presence.is_inside)) {
            gate_kick(vm->vcpus[i]);
            wait_for_change(gate);
        }
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(IntroKvm *vm)
{
    atomic_fetch_sub(&vm->gate.closed, 1);
    announce_change(&vm->gate);
}

void gate_wait_for_exits(IntroKvm *vm)
{
    const struct timespec pause = {.tv_nsec = POLL_PERIOD};
    const Vcpu *own = vcpu_current();

    for (DWORD i = 0; i < vm->vcpu_count; i++) {
        Presence *presence = &vm->vcpus[i]->presence;
        unsigned seen = atomic_load(&presence->exits);

        while (vm->vcpus[i] != own && (seen & 1) && atomic_load(&presence->exits) == seen)
            nanosleep(&pause, NULL);
    }
}

/* ---- whose thread it is -------------------------------------------------------------------------------------------- */

void gate_take_thread(Vcpu *vcpu)
{
    pthread_mutex_lock(&vcpu->presence.lock);
    vcpu->presence.thread = pthread_self();
    vcpu->presence.has_thread = true;
    pthread_mutex_unlock(&vcpu->presence.lock);
}

void gate_leave_thread(Vcpu *vcpu)
{
    pthread_mutex_lock(&vcpu->presence.lock);
    vcpu->presence.has_thread = false;
    pthread_mutex_unlock(&vcpu->presence.lock);
}

/* ---- who runs ----------------------------------------------------------------------------------------------------- */

/** Says that the vCPU is outside, to those who wait for that. */
static void step_outside(Vcpu *vcpu)
{
    atomic_store(&vcpu->presence.is_inside, false);
    if (atomic_load(&vcpu->vm->gate.closed))
        announce_change(&vcpu->vm->gate);
}

/** Goes inside as soon as nobody but the given number keeps the gate closed. */
static void step_inside(Vcpu *vcpu, unsigned own)
{
    Gate *gate = &vcpu->vm->gate;

    for (;;) {
        atomic_store(&vcpu->presence.is_inside, true);
        if (atomic_load(&gate->closed) == own)
            return;
        step_outside(vcpu);
        pthread_mutex_lock(&gate->lock);
        while (atomic_load(&gate->closed) != own)
            wait_for_change(gate);
        pthread_mutex_unlock(&gate->lock);
    }
}

void gate_enter(Vcpu *vcpu)
{
    step_inside(vcpu, 0);
}

void gate_leave(Vcpu *vcpu)
{
    step_outside(vcpu);
}

void gate_enter_alone(Vcpu *vcpu)
{
    pthread_mutex_lock(&vcpu->vm->gate.alone);
    gate_close(vcpu->vm);
    atomic_store(&vcpu->presence.is_alone, true);
    step_inside(vcpu, 1);
}

void gate_step_done(Vcpu *vcpu)
{
    step_outside(vcpu);
    atomic_store(&vcpu->presence.is_alone, false);
}

void gate_leave_alone(Vcpu *vcpu)
{
    gate_open(vcpu->vm);
    pthread_mutex_unlock(&vcpu->vm->gate.alone);
}

void gate_expect_interruption(Vcpu *vcpu)
{
    atomic_store(&vcpu->presence.is_kicked, true);
    __atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}
