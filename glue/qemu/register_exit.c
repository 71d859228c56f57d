// SPDX-License-Identifier: GPL-2.0-or-later
// A write to a control, model-specific or descriptor-table register: it is told to the engine before it happens, and the
// engine's answer is carried out.

#include "register_exit.h"

#include <inttypes.h>

#include "event_log.h"
#include "kexec.h"
#include "register_services.h"
#include "session.h"
#include "statistics.h"
#include "vcpu_exit.h"

enum { RAX, RCX, RDX };

#define LOW_HALF 0xFFFFFFFFull

/** One exit, as it is handled. */
typedef struct RegisterExit {
    WatchedInstruction instruction;
    INTRO_ACTION action;
    DWORD msr;
    QWORD new_value; /* of the MSR, as the handler left it */
    bool is_changed; /* by the handler */
    uint64_t engine_nanoseconds;
} RegisterExit;

static const char *name_of(WatchedInstruction instruction)
{
    static const char *const names[] = {"nothing", "a CR write", "an MSR write", "an XCR write", "an IDTR load", "a GDTR load"};

    return names[instruction.kind];
}

static StatisticsKind statistics_kind(WatchedInstruction instruction)
{
    switch (instruction.kind) {
    case WATCHED_CR:
        return STATISTICS_CR;
    case WATCHED_MSR:
        return STATISTICS_MSR;
    case WATCHED_XCR:
        return STATISTICS_XCR;
    default:
        return STATISTICS_DTR;
    }
}

static INTSTATUS call_cr(const Vcpu *vcpu, RegisterExit *exit)
{
    PFUNC_IntCrWriteCallback handler = register_cr_handler();
    DWORD cr = exit->instruction.control;
    QWORD old = cr == 8 ? vcpu_read_gdb(vcpu, GDB_CR8) : vcpu->state->cr[cr];
    QWORD new = vcpu->state->regs[exit->instruction.source];

    if (vcpu_cs_type(vcpu) != IG_CS_TYPE_64B)
        new &= LOW_HALF;
    return handler ? handler(session_guest(), cr, vcpu->index, old, new, &exit->action) : INT_STATUS_NOT_FOUND;
}

static INTSTATUS call_msr(const Vcpu *vcpu, RegisterExit *exit)
{
    PFUNC_IntMSRViolationCallback handler = register_msr_handler();
    QWORD old = 0, new = (vcpu->state->regs[RDX] & LOW_HALF) << 32 | (vcpu->state->regs[RAX] & LOW_HALF);
    INTSTATUS status;

    if (!handler || !vcpu_read_msr(vcpu, exit->msr, &old))
        return INT_STATUS_NOT_FOUND;
    exit->new_value = new;
    status = handler(session_guest(), exit->msr, IG_MSR_HOOK_WRITE, &exit->action, old, &exit->new_value, vcpu->index);
    exit->is_changed = exit->new_value != new;
    return status;
}

static INTSTATUS call_xcr(const Vcpu *vcpu, RegisterExit *exit)
{
    PFUNC_IntXcrWriteCallback handler = register_xcr_handler();

    return handler ? handler(session_guest(), vcpu->index, &exit->action) : INT_STATUS_NOT_FOUND;
}

static INTSTATUS call_dtr(const Vcpu *vcpu, RegisterExit *exit)
{
    PFUNC_IntIntroDescriptorTableCallback handler = register_dtr_handler();
    DWORD flags = IG_DESC_ACCESS_WRITE | (exit->instruction.kind == WATCHED_IDTR ? IG_DESC_ACCESS_IDTR : IG_DESC_ACCESS_GDTR);

    return handler ? handler(session_guest(), flags, vcpu->index, &exit->action) : INT_STATUS_NOT_FOUND;
}

static void call_engine(Vcpu *vcpu, RegisterExit *exit)
{
    static INTSTATUS (*const calls[])(const Vcpu *, RegisterExit *) = {
        [WATCHED_CR] = call_cr, [WATCHED_MSR] = call_msr, [WATCHED_XCR] = call_xcr, [WATCHED_IDTR] = call_dtr,
        [WATCHED_GDTR] = call_dtr};
    uint64_t called;
    INTSTATUS status;

    vcpu_exit_begin(vcpu);
    called = clock_nanoseconds();
    status = calls[exit->instruction.kind](vcpu, exit);
    exit->engine_nanoseconds = clock_nanoseconds() - called;
    if (status == INT_STATUS_NOT_FOUND)
        exit->action = introGuestAllowed; // the handler has gone meanwhile
    vcpu_exit_end(vcpu, name_of(exit->instruction), status, exit->action);
}

/**
 * Whether the instruction is to be executed, by the engine's answer. A value that the MSR handler has changed is stored here,
 * since the instruction could be given it only in registers that the guest sees.
 */
static bool lets_execute(Vcpu *vcpu, const RegisterExit *exit)
{
    if (exit->action != introGuestAllowed && exit->action != introGuestAllowedPatched && exit->action != introGuestIgnore)
        return false;
    if (!exit->is_changed)
        return true;
    if (!vcpu_write_msr(vcpu, exit->msr, exit->new_value))
        log_error_limited("cpu=%u rip=0x%" PRIx64 ": MSR 0x%x cannot be given another value by this glue; the write is dropped",
                          vcpu->index, vcpu->state->rip, exit->msr);
    return false;
}

/** Leaves the instruction undone, if the answer wants that. Returns whether the vCPU has to leave its translated code. */
static bool carry_out(Vcpu *vcpu, const RegisterExit *exit)
{
    QWORD changes = vcpu_exit_take_changes(vcpu);

    if (vcpu_exit_is_retried(vcpu, exit->action))
        return true;
    if (lets_execute(vcpu, exit) && !changes)
        return false;
    vcpu_exit_set_registers(vcpu, changes);
    if (!(changes & VCPU_REG_RIP))
        vcpu_skip(vcpu, exit->instruction.length);
    return true;
}

void register_exit(Vcpu *vcpu, WatchedInstruction instruction, uintptr_t return_address)
{
    uint64_t begin = clock_nanoseconds();
    RegisterExit exit = {.instruction = instruction, .action = introGuestNotAllowed};
    RestoredState before;
    bool taken, leaves;

    exit.msr = (DWORD)vcpu->state->regs[RCX];
    // At any other level these instructions fault by themselves.
    if (vcpu_cpl(vcpu) != 0 || (instruction.kind == WATCHED_MSR && !register_is_msr_armed(exit.msr)))
        return;
    taken = qemu_big_lock_acquire();
    if (!vcpu->record || !vcpu_restore_at(vcpu, return_address, &before)) {
        if (vcpu->record)
            log_error_limited("cpu=%u: %s was not told to the engine: its place is not known", vcpu->index, name_of(instruction));
        qemu_big_lock_release(taken);
        return;
    }
    if (kexec_begins(vcpu, instruction))
        session_kexec(vcpu);
    if (!vcpu->record || !register_is_armed(instruction)) {
        vcpu_put_back(vcpu, &before);
        qemu_big_lock_release(taken);
        return;
    }
    call_engine(vcpu, &exit);
    leaves = carry_out(vcpu, &exit);
    if (!leaves)
        vcpu_put_back(vcpu, &before);
    statistics_exit(statistics_kind(instruction), exit.action == introGuestNotAllowed, exit.engine_nanoseconds,
                    clock_nanoseconds() - begin);
    qemu_big_lock_release(taken);
    if (leaves)
        qemu.cpu_loop_exit(vcpu->cpu); // nothing below us is managed
}
