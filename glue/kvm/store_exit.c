// SPDX-License-Identifier: MIT
// A store to a guarded page: the exit carries its bytes, before they land. They are told to the engine, and then exactly these are
// written, or nothing.

#include <inttypes.h>
#include <sched.h>
#include <string.h>

#include "engine.h"
#include "exits.h"
#include "log.h"
#include "registers.h"

#define MAX_RETRIES 1000 /* in a row about one store: the instruction is over, so that only the question can be repeated */

bool store_lands(INTRO_ACTION action)
{
    // Patched bytes are for an instruction that is executed again; here the bytes of the store are known and judged.
    return action == introGuestAllowed || action == introGuestAllowedPatched || action == introGuestIgnore;
}

INTRO_ACTION store_ask(Vcpu *vcpu, QWORD gpa, const BYTE *bytes, DWORD size)
{
    IntroKvm *vm = vcpu->vm;
    INTRO_ACTION action = introGuestRetry;
    INTSTATUS status = INT_STATUS_SUCCESS;

    COUNT(vm, stores);
    for (int i = 0; i < MAX_RETRIES && action == introGuestRetry; i++) {
        PFUNC_IntEPTViolationCallback handler = atomic_load(&vm->store_handler);

        if (i)
            sched_yield();
        if (!handler || !vcpu->record)
            return introGuestAllowed; // nobody guards it any more
        registers_push(vcpu);
        vcpu->record->ExitFlags = VCPU_EXIT_DATA | VCPU_EXIT_NO_GLA | VCPU_EXIT_RIP_RETIRED;
        vcpu->record->ExitDataSize = size;
        memcpy(vcpu->record->ExitData, bytes, size);
        action = introGuestNotAllowed; // until the engine has answered
        vcpu->is_in_exit = true;
        status = handler(vm, gpa, 0, 0, vcpu->index, &action, IG_EPT_HOOK_WRITE);
        vcpu->is_in_exit = false;
        exit_apply_registers(vcpu);
    }
    if (!INT_SUCCESS(status) || action == introGuestRetry)
        log_error_limited("cpu=%u gpa=0x%" PRIx64 ": the engine's answer about a store is %s, action %d", vcpu->index, gpa,
                          engine.IntStatusToString(status), action);
    if (!store_lands(action))
        COUNT(vm, stores_denied);
    return action;
}

/** The RAM that a piece of a store goes to, or null. */
static Region *ram_of(IntroKvm *vm, QWORD gpa, DWORD size)
{
    Region *region = memory_find(vm, gpa, size);

    return region && region->is_ram ? region : NULL;
}

/** A store that was blocked is blocked as a whole: what KVM still has of it is taken and dropped. */
static ExitResult drop_rest(Vcpu *vcpu)
{
    const struct kvm_run *run = vcpu->run;

    while (!exit_complete(vcpu))
        if (run->exit_reason != KVM_EXIT_MMIO || !run->mmio.is_write || !ram_of(vcpu->vm, run->mmio.phys_addr, run->mmio.len))
            return EXIT_FOR_VMM;
    return EXIT_HANDLED;
}

ExitResult store_exit(Vcpu *vcpu)
{
    IntroKvm *vm = vcpu->vm;
    QWORD gpa = vcpu->run->mmio.phys_addr;
    DWORD size = vcpu->run->mmio.len;
    BYTE bytes[sizeof vcpu->run->mmio.data];
    Region *region = size <= sizeof bytes ? ram_of(vm, gpa, size) : NULL;

    if (!vcpu->run->mmio.is_write || !region)
        return EXIT_FOR_VMM;
    memcpy(bytes, vcpu->run->mmio.data, sizeof bytes);
    if (!memory_is_guarded(region, gpa)) // given back since
        COUNT(vm, late_stores);
    else if (!store_lands(store_ask(vcpu, gpa, bytes, size)))
        return drop_rest(vcpu);
    memory_write(vm, region, gpa, bytes, size);
    return EXIT_HANDLED;
}
