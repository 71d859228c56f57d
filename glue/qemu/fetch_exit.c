// SPDX-License-Identifier: GPL-2.0-or-later
// The execution of an instruction in a guarded page: it is told to the engine before, and the engine's answer is carried out.

#include "fetch_exit.h"

#include "event_log.h"
#include "fetch_guard.h"
#include "guest_memory.h"
#include "host_services.h"
#include "session.h"
#include "statistics.h"
#include "vcpu_exit.h"

/** Whether this is the instruction that was let pass with other registers, and has been left for their sake. */
static bool was_let_pass(Vcpu *vcpu)
{
    bool is_same = vcpu->passes && vcpu->pass_rip == vcpu->state->rip;

    vcpu->passes = false;
    return is_same;
}

/** Returns whether the vCPU has to leave its translated code: to retry, or to go on with other registers or elsewhere. */
static bool carry_out(Vcpu *vcpu, WatchedInstruction instruction, INTRO_ACTION action)
{
    QWORD changes = vcpu_exit_take_changes(vcpu);
    bool is_executed = action != introGuestNotAllowed && action != introGuestAllowedVirtual;
    bool is_retried = vcpu_exit_is_retried(vcpu, action);

    if (is_executed && !is_retried && !changes && action != introGuestRetry)
        return false;
    vcpu_exit_set_registers(vcpu, changes);
    if (is_retried || (changes & VCPU_REG_RIP))
        return true;
    if (is_executed && action != introGuestRetry) {
        vcpu->passes = true;
        vcpu->pass_rip = vcpu->state->rip;
    } else {
        vcpu_skip(vcpu, instruction.length);
    }
    return true;
}

void fetch_exit(Vcpu *vcpu, WatchedInstruction instruction, uintptr_t return_address)
{
    uint64_t begin = clock_nanoseconds(), called, returned;
    INTRO_ACTION action = introGuestNotAllowed; // until the engine has answered
    PFUNC_IntEPTViolationCallback handler;
    RestoredState before;
    INTSTATUS status;
    bool taken, leaves;
    QWORD gpa;

    if (!fetch_guard_has(instruction.place) || !guest_memory_gpa(instruction.place, &gpa))
        return;
    taken = qemu_big_lock_acquire();
    handler = host_services_handler();
    if (!handler || !vcpu->record || !vcpu_restore_at(vcpu, return_address, &before)) {
        qemu_big_lock_release(taken);
        return;
    }
    if (was_let_pass(vcpu)) {
        vcpu_put_back(vcpu, &before);
        qemu_big_lock_release(taken);
        return;
    }
    vcpu_exit_begin(vcpu);
    called = clock_nanoseconds();
    status = handler(session_guest(), gpa, instruction.length, vcpu_linear_rip(vcpu), vcpu->index, &action, IG_EPT_HOOK_EXECUTE);
    returned = clock_nanoseconds();
    vcpu_exit_end(vcpu, "a fetch", status, action);
    leaves = carry_out(vcpu, instruction, action);
    if (!leaves)
        vcpu_put_back(vcpu, &before);
    statistics_exit(STATISTICS_FETCH, action == introGuestNotAllowed, returned - called, clock_nanoseconds() - begin);
    qemu_big_lock_release(taken);
    if (leaves)
        qemu.cpu_loop_exit(vcpu->cpu); // nothing below us is managed
}
