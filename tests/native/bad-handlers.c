/* SPDX-License-Identifier: MIT */
/* Handlers: no handle, a wrong one, no action, vCPU numbers that do not exist, and exits that nobody asked for. */
#include "bad-input.h"

/** Each handler with the arguments that are varied here, the others being sound. */
typedef INTSTATUS call_handler(void *guest, DWORD cpu, INTRO_ACTION *action);

static QWORD new_value = 1;

static INTSTATUS ept(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    return lib.IntHandleEptViolation(guest, GPA_DATA, 0, GLA_KERNEL + GPA_DATA, cpu, action, IG_EPT_HOOK_WRITE);
}

static INTSTATUS msr(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    return lib.IntHandleMsrViolation(guest, 0x176, IG_MSR_HOOK_WRITE, action, 0, &new_value, cpu);
}

static INTSTATUS cr(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    return lib.IntHandleCrWrite(guest, 4, cpu, 0, 1, action);
}

static INTSTATUS xcr(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    return lib.IntHandleXcrWrite(guest, cpu, action);
}

static INTSTATUS dtr(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    return lib.IntHandleDtrViolation(guest, IG_DESC_ACCESS_IDTR | IG_DESC_ACCESS_WRITE, cpu, action);
}

static INTSTATUS breakpoint(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    (void)action;
    return lib.IntHandleBreakpoint(guest, GPA_CODE, cpu);
}

static INTSTATUS injection(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    (void)action;
    return lib.IntHandleEventInjection(guest, 14, 0, 0, cpu);
}

static INTSTATUS intro_call(void *guest, DWORD cpu, INTRO_ACTION *action)
{
    (void)action;
    return lib.IntHandleIntroCall(guest, RIP_KERNEL(0), cpu);
}

/** The places are those of the header; where the reference's table differs (EPT action, XCR), its numbers are kept. */
static const struct {
    const char *name;
    call_handler *call;
    INTSTATUS bad_cpu;
    INTSTATUS bad_action; /* success: no action */
    INTSTATUS idle;       /* what an exit gets that nobody asked for */
} handlers[] = {
    {"EPT violation", ept, INT_STATUS_INVALID_PARAMETER_5, INT_STATUS_INVALID_PARAMETER_7, INT_STATUS_SUCCESS},
    {"MSR violation", msr, INT_STATUS_INVALID_PARAMETER_7, INT_STATUS_INVALID_PARAMETER_4, INT_STATUS_NOT_FOUND},
    {"CR write", cr, INT_STATUS_INVALID_PARAMETER_3, INT_STATUS_INVALID_PARAMETER_6, INT_STATUS_NOT_FOUND},
    {"XCR write", xcr, INT_STATUS_INVALID_PARAMETER_3, INT_STATUS_INVALID_PARAMETER_4, INT_STATUS_NOT_FOUND},
    {"DTR violation", dtr, INT_STATUS_INVALID_PARAMETER_3, INT_STATUS_INVALID_PARAMETER_4, INT_STATUS_SUCCESS},
    {"breakpoint", breakpoint, INT_STATUS_INVALID_PARAMETER_3, INT_STATUS_SUCCESS, INT_STATUS_NOT_FOUND},
    {"event injection", injection, INT_STATUS_INVALID_PARAMETER_5, INT_STATUS_SUCCESS, INT_STATUS_SUCCESS},
    {"VMCALL", intro_call, INT_STATUS_INVALID_PARAMETER_3, INT_STATUS_SUCCESS, INT_STATUS_NOT_FOUND},
};

void bad_handlers(void)
{
    static const DWORD bad_cpus[] = {2, 3, 64, 0x7FFFFFFF, 0x80000000, IG_CURRENT_VCPU};
    struct guest *guest = group_start(2, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    struct guest *stranger = guest_create(1);
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        bool acts = handlers[i].bad_action != INT_STATUS_SUCCESS;
        INTRO_ACTION action = UNTOUCHED;
        check_note("%s", handlers[i].name);
        CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, handlers[i].call(NULL, 0, &action), "no handle");
        bad_action(action, "no handle: action");

        action = UNTOUCHED;
        CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, handlers[i].call(stranger, 0, &action), "a handle that is no guest");
        CHECK(!acts || action == introGuestAllowed, "a handle that is no guest: allowed");
        action = UNTOUCHED;
        CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, handlers[i].call(NO_HANDLE, 99, &action), "a handle that is no pointer");

        for (size_t n = 0; n < sizeof bad_cpus / sizeof bad_cpus[0]; n++) {
            action = UNTOUCHED;
            CHECK_STATUS(handlers[i].bad_cpu, handlers[i].call(guest, bad_cpus[n], &action), "a vCPU that does not exist");
            bad_action(action, "a vCPU that does not exist: action");
        }
        if (acts) {
            CHECK_STATUS(handlers[i].bad_action, handlers[i].call(guest, 0, NULL), "no action");
            INTSTATUS status = handlers[i].call(guest, 77, NULL);
            check(status == handlers[i].bad_action || status == handlers[i].bad_cpu, "no action and no vCPU",
                  "status 0x%08X", (unsigned)status);
        }
        for (DWORD cpu = 0; cpu < 2; cpu++) {
            action = UNTOUCHED;
            INTSTATUS status = handlers[i].call(guest, cpu, &action);
            check(status == handlers[i].idle || status == INT_STATUS_NOT_FOUND, "an exit that nobody asked for",
                  "status 0x%08X", (unsigned)status);
            /* A descriptor-table exit whose instruction is none (any more) is to be retried: the bytes have changed. */
            check(!acts || action == introGuestAllowed || (handlers[i].call == dtr && action == introGuestRetry),
                  "an exit that nobody asked for: allowed", "the action is %d", (int)action);
        }
    }
    check_note("timer");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntHandleTimer(NULL), "no handle");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, lib.IntHandleTimer(stranger), "a handle that is no guest");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntHandleTimer(guest), "a timer");

    check_note("places of their own");
    INTRO_ACTION action = UNTOUCHED;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_6, lib.IntHandleMsrViolation(guest, 0x176, IG_MSR_HOOK_WRITE, &action, 0, NULL, 0),
                 "an MSR write without a value");
    for (unsigned access = 0; access < 256; access++) {
        action = UNTOUCHED;
        INTSTATUS status = lib.IntHandleEptViolation(guest, GPA_DATA, 0, GLA_KERNEL + GPA_DATA, 0, &action, (IG_EPT_ACCESS)access);
        if (action != introGuestAllowed && status != INT_STATUS_INVALID_PARAMETER_7)
            CHECK_EQ(access, ~0u, "an access of no known kind, to memory that is not guarded");
    }
    action = UNTOUCHED;
    lib.IntHandleEptViolation(guest, 0xFFFFFFFFFFFFFFFFull, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFFull, 0, &action, IG_EPT_HOOK_WRITE);
    CHECK(action == introGuestAllowed || action == introGuestRetry, "the last address there is");
    CHECK_EQ(0, guest->alert_count, "nothing of all that was an alert");
    guest_destroy(stranger);
    bad_finish(guest);
}
