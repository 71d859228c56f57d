// SPDX-License-Identifier: MIT
// A vCPU: how it becomes known, and its way in and out of the guest.

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "exits.h"
#include "log.h"
#include "registers.h"

static _Thread_local Vcpu *current;

Vcpu *vcpu_current(void)
{
    return current;
}

int introkvm_add_vcpu(IntroKvm *vm, unsigned index, int fd, struct kvm_run *run)
{
    Vcpu *vcpu;

    if (vm->is_started) {
        errno = EBUSY;
        return -1;
    }
    if (index != vm->vcpu_count || index >= INTROKVM_MAX_VCPUS || !run) {
        errno = EINVAL;
        return -1;
    }
    vcpu = calloc(1, sizeof *vcpu);
    if (!vcpu)
        return -1;
    *vcpu = (Vcpu){.vm = vm, .index = index, .fd = fd, .run = run, .presence = {.is_settled = true}};
    pthread_mutex_init(&vcpu->presence.lock, NULL);
    run->kvm_valid_regs |= KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
    vm->vcpus[index] = vcpu;
    vm->vcpu_count++;
    return 0;
}

/* ---- what exits share ---------------------------------------------------------------------------------------------- */

void exit_apply_registers(Vcpu *vcpu)
{
    VCPU_STATE *record = vcpu->record;
    QWORD rest = registers_apply(vcpu, &record->Regs, record->Ia32Efer, record->DirtyMask);

    record->DirtyMask = 0;
    if (rest)
        log_error_limited("cpu=%u: registers of mask 0x%" PRIx64 " cannot be changed by this glue", vcpu->index, rest);
}

bool exit_complete(Vcpu *vcpu)
{
    // It stays set: whoever wanted the guest interrupted meanwhile gets that from the next KVM_RUN.
    gate_expect_interruption(vcpu);
    return ioctl(vcpu->fd, KVM_RUN, 0) != 0;
}

/* ---- the way in and out -------------------------------------------------------------------------------------------- */

/** Makes this the thread of the vCPU, until introkvm_run returns: a VMM may run it on another one then. */
static void take_thread(Vcpu *vcpu)
{
    static _Thread_local int unblocked;
    int signal = vcpu->vm->config.kick_signal;
    sigset_t signals;

    if (unblocked != signal) {
        sigemptyset(&signals);
        sigaddset(&signals, signal);
        pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
        unblocked = signal;
    }
    gate_take_thread(vcpu);
    current = vcpu;
}

/** KVM_RUN, between the gates. Returns 0, or an error number. */
static int run_guest(Vcpu *vcpu)
{
    Presence *presence = &vcpu->presence;
    int error;

    injection_give(vcpu);
    gate_enter(vcpu);
    error = ioctl(vcpu->fd, KVM_RUN, 0) == 0 ? 0 : errno;
    atomic_store(&presence->is_settled, error == EINTR);
    gate_leave(vcpu);
    // Only together with the EINTR that was asked for: if the VMM has asked for one, too, this is it.
    if (error == EINTR && atomic_exchange(&presence->is_kicked, false))
        __atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
    injection_acknowledge(vcpu);
    return error;
}

static ExitResult handle_exit(Vcpu *vcpu)
{
    ExitResult result;

    atomic_fetch_add(&vcpu->presence.exits, 1);
    vcpu->record = atomic_load(&vcpu->given_record);
    switch (vcpu->run->exit_reason) {
    case KVM_EXIT_MMIO:
        result = store_exit(vcpu);
        break;
    case KVM_EXIT_X86_WRMSR:
        result = msr_exit(vcpu);
        break;
    case KVM_EXIT_INTERNAL_ERROR:
        result = step_exit(vcpu);
        break;
    default:
        result = EXIT_FOR_VMM;
        break;
    }
    atomic_fetch_add(&vcpu->presence.exits, 1);
    return result;
}

/** Runs the guest until an exit is the VMM's. Returns 0, or an error number. */
static int run(Vcpu *vcpu)
{
    ExitResult result = EXIT_HANDLED;

    while (result == EXIT_HANDLED) {
        int error = atomic_load(&vcpu->vm->memory.is_lost) ? EIO : run_guest(vcpu);

        if (error == EINTR && progress_is_suspect(vcpu))
            error = step_suspect(vcpu);
        if (error)
            return error;
        result = handle_exit(vcpu);
    }
    return result == EXIT_FAILED ? errno : 0;
}

int introkvm_run(IntroKvm *vm, unsigned index)
{
    Vcpu *vcpu = vcpu_get(vm, index);
    int error = EINVAL;

    if (vcpu) {
        take_thread(vcpu);
        error = run(vcpu);
        current = NULL;
        gate_leave_thread(vcpu);
    }
    errno = error;
    return error ? -1 : 0;
}
