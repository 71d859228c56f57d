// SPDX-License-Identifier: MIT
// Exceptions for the guest.

#include "injection.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "engine.h"
#include "log.h"
#include "vm.h"

#define MAX_VECTOR 31u
#define VECTOR_NMI 2u
#define VECTOR_PF 14u

/** Exceptions that push an error code (SDM 3A, 6.13): #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP. */
#define WITH_ERROR_CODE (1u << 8 | 0x1Fu << 10 | 1u << 17 | 1u << 21)

INTSTATUS injection_ask(void *guest, DWORD cpu, BYTE vector, DWORD error, QWORD cr2)
{
    IntroKvm *vm = guest;
    Vcpu *vcpu = cpu == IG_CURRENT_VCPU ? vcpu_current() : vcpu_get(vm, cpu);
    InjectionState expected = INJECTION_NONE;

    if (!vcpu || vcpu->vm != vm)
        return INT_STATUS_INVALID_PARAMETER_2;
    if (vector > MAX_VECTOR || vector == VECTOR_NMI)
        return INT_STATUS_INVALID_PARAMETER_3;
    if (!atomic_compare_exchange_strong(&vcpu->injection.state, &expected, INJECTION_FILLING))
        return INT_STATUS_BUSY;
    vcpu->injection.vector = vector;
    vcpu->injection.error = error;
    vcpu->injection.cr2 = cr2;
    atomic_store(&vcpu->injection.state, INJECTION_ASKED);
    gate_kick(vcpu);
    return INT_STATUS_SUCCESS;
}

/** Ends a request: the engine is told which event the guest has got. */
static void tell(Vcpu *vcpu, DWORD vector, DWORD error, QWORD cr2)
{
    PFUNC_IntEventInjectionCallback handler = atomic_load(&vcpu->vm->injection_handler);
    bool is_ours = vector == vcpu->injection.vector;
    INTSTATUS status;

    if (is_ours)
        COUNT(vcpu->vm, injections);
    else
        COUNT(vcpu->vm, injections_lost);
    atomic_store(&vcpu->injection.state, INJECTION_NONE);
    if (!handler)
        return;
    vcpu->is_in_exit = true;
    status = handler(vcpu->vm, vector, error, cr2, vcpu->index);
    vcpu->is_in_exit = false;
    if (!INT_SUCCESS(status))
        log_error_limited("cpu=%u: the engine's handler of injections failed: %s", vcpu->index, engine.IntStatusToString(status));
}

/** CR2 is the guest's to see only if the exception is delivered, which is certain once KVM has it: nothing of its own was pending. */
static bool set_cr2(Vcpu *vcpu, QWORD cr2)
{
    struct kvm_sregs special;

    if (vcpu->run->kvm_dirty_regs & KVM_SYNC_X86_SREGS) {
        vcpu->run->s.regs.sregs.cr2 = cr2;
        return true;
    }
    if (ioctl(vcpu->fd, KVM_GET_SREGS, &special) != 0)
        return false;
    special.cr2 = cr2;
    return ioctl(vcpu->fd, KVM_SET_SREGS, &special) == 0;
}

void injection_give(Vcpu *vcpu)
{
    const Injection *asked = &vcpu->injection;
    struct kvm_vcpu_events events;

    if (atomic_load(&asked->state) != INJECTION_ASKED)
        return;
    if (ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events) != 0) {
        log_error_limited("cpu=%u: KVM_GET_VCPU_EVENTS failed: %s", vcpu->index, strerror(errno));
        return;
    }
    if (events.exception.injected || events.exception.pending) {
        tell(vcpu, events.exception.nr, events.exception.has_error_code ? events.exception.error_code : 0, 0);
        return;
    }
    events.exception.injected = 1;
    events.exception.nr = (__u8)asked->vector;
    events.exception.has_error_code = WITH_ERROR_CODE >> asked->vector & 1;
    events.exception.error_code = asked->error;
    if ((asked->vector == VECTOR_PF && !set_cr2(vcpu, asked->cr2)) || ioctl(vcpu->fd, KVM_SET_VCPU_EVENTS, &events) != 0) {
        log_error_limited("cpu=%u: KVM does not take exception %u: %s", vcpu->index, asked->vector, strerror(errno));
        return;
    }
    vcpu->run->kvm_valid_regs |= KVM_SYNC_X86_EVENTS;
    atomic_store(&vcpu->injection.state, INJECTION_GIVEN);
}

void injection_acknowledge(Vcpu *vcpu)
{
    const struct kvm_vcpu_events *events = &vcpu->run->s.regs.events;
    const Injection *given = &vcpu->injection;

    if (atomic_load(&given->state) != INJECTION_GIVEN)
        return;
    // Still with KVM: the guest was not entered, or the delivery itself has exited and will be tried again.
    if (events->exception.injected && events->exception.nr == given->vector)
        return;
    vcpu->run->kvm_valid_regs &= ~(__u64)KVM_SYNC_X86_EVENTS;
    tell(vcpu, given->vector, given->error, given->cr2);
}
