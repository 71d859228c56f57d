// SPDX-License-Identifier: MIT
// Exceptions for the guest, as its handlers see them.

#include "check.h"
#include "hooks.h"
#include "injection.h"
#include "scenarios.h"
#include "vcpu_thread.h"

#define VECTOR_UD 6u
#define VECTOR_GP 13u
#define VECTOR_PF 14u

/** An exception to ask for, from inside an exit. */
typedef struct Request {
    Machine *machine;
    BYTE vector;
    DWORD error;
    QWORD cr2;
    INTSTATUS status, again; /* of the request, and of a second one at once */
} Request;

static void ask(void *context)
{
    Request *request = context;

    request->status =
        injection_ask(request->machine->guest, IG_CURRENT_VCPU, request->vector, request->error, request->cr2);
    request->again = injection_ask(request->machine->guest, 0, request->vector, request->error, request->cr2);
}

/** What the guest's handler has noted. */
static bool has_seen(Machine *machine, unsigned vcpu, const Request *expected, uint64_t rip)
{
    return *machine_box(machine, vcpu, BOX_VECTOR) == expected->vector && *machine_box(machine, vcpu, BOX_ERROR) == expected->error &&
           (expected->vector != VECTOR_PF || *machine_box(machine, vcpu, BOX_CR2) == expected->cr2) &&
           (!rip || *machine_box(machine, vcpu, BOX_RIP) == rip);
}

static uint64_t delivered(const Machine *machine)
{
    IntroKvmStatistics statistics;

    introkvm_statistics(machine->guest, &statistics, sizeof statistics);
    return statistics.injections;
}

static void inject_in_an_exit(Machine *machine, Judge *judge, Request request, const char *name)
{
    Call call = {.rax = 1, .rdi = GUEST_TARGET};
    uint64_t before = delivered(machine), exceptions = *machine_box(machine, 0, BOX_EXCEPTIONS);
    Ending ending;

    request.machine = machine;
    judge->context = &request;
    hooks_clear(judge, introGuestNotAllowed);
    *machine_box(machine, 0, BOX_RESUME) = RESUME_THERE;
    ending = machine_call(machine, 0, machine->header->routine_store, &call);
    check(ending == ENDING_READY && request.status == INT_STATUS_SUCCESS && *machine_box(machine, 0, BOX_EXCEPTIONS) == exceptions + 1 &&
              has_seen(machine, 0, &request, machine->header->routine_store + 3),
          "%s in an exit reaches the guest's handler behind the store", name);
    check(delivered(machine) == before + 1, "%s: its delivery is acknowledged", name);
    check(request.again == INT_STATUS_BUSY, "%s: a second one has to wait", name);
}

static void inject_from_outside(Machine *machine)
{
    VcpuThread thread = {.machine = machine, .vcpu = 0, .routine = machine->header->routine_spin};
    const Request request = {.vector = VECTOR_PF, .error = 6, .cr2 = 0x7777000};
    uint64_t before = delivered(machine);
    bool is_there;

    *machine_box(machine, 0, BOX_STOP) = 0;
    *machine_box(machine, 0, BOX_RESUME) = RESUME_THERE;
    *machine_box(machine, 0, BOX_VECTOR) = 0;
    if (!vcpu_thread_start(&thread))
        return;
    is_there = vcpu_thread_moves(machine, 0, BOX_COUNT) &&
               injection_ask(machine->guest, 0, (BYTE)request.vector, request.error, request.cr2) == INT_STATUS_SUCCESS &&
               vcpu_thread_moves(machine, 0, BOX_EXCEPTIONS) && has_seen(machine, 0, &request, 0);
    *machine_box(machine, 0, BOX_STOP) = 1;
    vcpu_thread_join(&thread);
    check(is_there && thread.ending == ENDING_READY, "#PF while the guest runs: it is interrupted and sees it");
    check(delivered(machine) == before + 1, "and its delivery is acknowledged");
}

/** A vCPU that is not running gets it when it runs. */
static void inject_before_it_runs(Machine *machine)
{
    IntroKvmStatistics before, after;
    Call call = {.rax = 0};
    Ending ending;

    introkvm_statistics(machine->guest, &before, sizeof before);
    check(injection_ask(machine->guest, 0, VECTOR_GP, 0, 0) == INT_STATUS_SUCCESS, "#GP is asked for");
    *machine_box(machine, 0, BOX_RESUME) = RESUME_THERE;
    ending = machine_call(machine, 0, machine->header->routine_nothing, &call);
    introkvm_statistics(machine->guest, &after, sizeof after);
    check(ending == ENDING_READY && *machine_box(machine, 0, BOX_VECTOR) == VECTOR_GP &&
              after.injections == before.injections + 1 && after.injections_lost == before.injections_lost,
          "an exception for a vCPU that is not running is delivered when it runs");
}

void scenario_injection(void)
{
    static Judge judge = {.also = ask};
    Machine machine;

    if (!hooks_required())
        return;
    if (machine_create(&machine, 1, 0, 0) && check(introkvm_start(machine.guest) == 0, "protection starts") &&
        hooks_set(&machine, GUEST_TARGET, 4096, &judge)) {
        inject_in_an_exit(&machine, &judge, (Request){.vector = VECTOR_UD}, "#UD");
        inject_in_an_exit(&machine, &judge, (Request){.vector = VECTOR_GP, .error = 0x10}, "#GP");
        inject_in_an_exit(&machine, &judge, (Request){.vector = VECTOR_PF, .error = 7, .cr2 = 0xDEAD000}, "#PF");
        inject_from_outside(&machine);
        inject_before_it_runs(&machine);
        check(injection_ask(machine.guest, 0, 2, 0, 0) == INT_STATUS_INVALID_PARAMETER_3 &&
                  injection_ask(machine.guest, 0, 32, 0, 0) == INT_STATUS_INVALID_PARAMETER_3 &&
                  injection_ask(machine.guest, 7, VECTOR_UD, 0, 0) == INT_STATUS_INVALID_PARAMETER_2,
              "what is no exception, and vCPUs that are not there, are refused");
    }
    machine_destroy(&machine);
}
