// SPDX-License-Identifier: MIT
// vCPUs that do not get on.

#include "progress.h"

#include <sys/ioctl.h>

#include "vm.h"

#define SUSPICIOUS 2u /* interruptions in a row at one place */

void progress_look(IntroKvm *vm)
{
    if (!memory_has_guards(vm))
        return;
    for (DWORD i = 0; i < vm->vcpu_count; i++) {
        Vcpu *vcpu = vm->vcpus[i];
        unsigned exits = atomic_load(&vcpu->presence.exits);

        if (exits == vcpu->progress.looked_at_exits)
            gate_kick(vcpu);
        vcpu->progress.looked_at_exits = exits;
    }
}

/** A vCPU that waits for an interrupt or to be started does what it is to do. */
static bool is_runnable(const Vcpu *vcpu)
{
    struct kvm_mp_state state;

    return ioctl(vcpu->fd, KVM_GET_MP_STATE, &state) != 0 || state.mp_state == KVM_MP_STATE_RUNNABLE;
}

bool progress_is_none(const Vcpu *vcpu)
{
    const struct kvm_regs *now = &vcpu->run->s.regs.regs;
    const Progress *then = &vcpu->progress;

    return now->rip == then->rip && now->rsp == then->rsp && now->rcx == then->rcx && now->rsi == then->rsi &&
           now->rdi == then->rdi;
}

bool progress_is_suspect(Vcpu *vcpu)
{
    const struct kvm_regs *now = &vcpu->run->s.regs.regs;
    Progress *then = &vcpu->progress;

    if (!progress_is_none(vcpu)) {
        then->rip = now->rip;
        then->rsp = now->rsp;
        then->rcx = now->rcx;
        then->rsi = now->rsi;
        then->rdi = now->rdi;
        then->same = 0;
        then->hopeless = 0;
        return false;
    }
    if (++then->same < SUSPICIOUS || now->rip == then->hopeless || !memory_has_guards(vcpu->vm))
        return false;
    then->same = 0;
    return is_runnable(vcpu);
}
