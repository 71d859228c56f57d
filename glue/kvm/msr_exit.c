// SPDX-License-Identifier: MIT
// WRMSR of a register that the engine has hooked: it is told to the engine before it happens. RIP is still at the instruction.

#include "engine.h"
#include "exits.h"
#include "log.h"
#include "registers.h"

static INTRO_ACTION ask(Vcpu *vcpu, PFUNC_IntMSRViolationCallback handler, QWORD *value)
{
    DWORD msr = vcpu->run->msr.index;
    INTRO_ACTION action = introGuestNotAllowed;
    INTSTATUS status;
    QWORD old;

    if (!registers_read_msr(vcpu, msr, &old))
        return introGuestAllowed; // there is none here: the guest is to get its fault
    registers_push(vcpu);
    vcpu->is_in_exit = true;
    status = handler(vcpu->vm, msr, IG_MSR_HOOK_WRITE, &action, old, value, vcpu->index);
    vcpu->is_in_exit = false;
    if (status == INT_STATUS_NOT_FOUND)
        action = introGuestAllowed; // the hook has gone meanwhile
    else if (!INT_SUCCESS(status))
        log_error_limited("cpu=%u msr=0x%x: the engine's handler failed: %s; its action is %d", vcpu->index, msr,
                          engine.IntStatusToString(status), action);
    return action;
}

ExitResult msr_exit(Vcpu *vcpu)
{
    IntroKvm *vm = vcpu->vm;
    struct kvm_run *run = vcpu->run;
    PFUNC_IntMSRViolationCallback handler = atomic_load(&vm->msr_handler);
    QWORD value = run->msr.data, rip = run->s.regs.regs.rip;
    INTRO_ACTION action = introGuestAllowed;
    QWORD changed = 0;

    if (run->msr.reason != KVM_MSR_EXIT_REASON_FILTER || !msr_filter_has(vm, run->msr.index))
        return EXIT_FOR_VMM;
    COUNT(vm, msr_writes);
    if (handler && vcpu->record) {
        action = ask(vcpu, handler, &value);
        changed = vcpu->record->DirtyMask;
    }
    if (action == introGuestNotAllowed)
        COUNT(vm, msr_writes_denied);
    run->msr.error = store_lands(action) ? !registers_write_msr(vcpu, run->msr.index, value) : 0;
    if (!changed && action != introGuestRetry)
        return EXIT_HANDLED;
    // KVM moves RIP past the instruction when it completes the exit; what is to be different is set after that.
    if (!exit_complete(vcpu))
        return EXIT_FOR_VMM;
    if (action == introGuestRetry) {
        run->s.regs.regs.rip = rip;
        run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
    }
    exit_apply_registers(vcpu);
    return EXIT_HANDLED;
}
