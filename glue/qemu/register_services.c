// SPDX-License-Identifier: GPL-2.0-or-later
// Which writes to registers are told to the engine, and to which handler. Set by the engine on any thread, read by vCPUs.

#include "register_services.h"

#include <stdatomic.h>

#include "vcpu.h"

#define MAX_MSRS 32
#define KNOWN_CONTROLS (1u << 0 | 1u << 3 | 1u << 4 | 1u << 8)

static _Atomic(PFUNC_IntCrWriteCallback) cr_handler;
static _Atomic(PFUNC_IntMSRViolationCallback) msr_handler;
static _Atomic(PFUNC_IntXcrWriteCallback) xcr_handler;
static _Atomic(PFUNC_IntIntroDescriptorTableCallback) dtr_handler;

static atomic_uint controls;         /* one bit a control register */
static atomic_uint msrs[MAX_MSRS];   /* 0: free */
static bool has_dtr;

/* ---- as vCPUs ask ------------------------------------------------------------------------------------------------- */

PFUNC_IntCrWriteCallback register_cr_handler(void)
{
    return atomic_load(&cr_handler);
}

PFUNC_IntMSRViolationCallback register_msr_handler(void)
{
    return atomic_load(&msr_handler);
}

PFUNC_IntXcrWriteCallback register_xcr_handler(void)
{
    return atomic_load(&xcr_handler);
}

PFUNC_IntIntroDescriptorTableCallback register_dtr_handler(void)
{
    return atomic_load(&dtr_handler);
}

bool register_services_has_dtr(void)
{
    return has_dtr;
}

bool register_is_armed(WatchedInstruction instruction)
{
    switch (instruction.kind) {
    case WATCHED_CR:
        return (atomic_load(&controls) >> instruction.control & 1) && register_cr_handler();
    case WATCHED_MSR:
        return register_msr_handler() != NULL;
    case WATCHED_XCR:
        return register_xcr_handler() != NULL;
    case WATCHED_IDTR:
    case WATCHED_GDTR:
        return register_dtr_handler() != NULL;
    default:
        return false;
    }
}

/** The place of a register in msrs, or -1. */
static int find_msr(DWORD msr)
{
    for (int i = 0; i < MAX_MSRS; i++)
        if (atomic_load(&msrs[i]) == msr)
            return i;
    return -1;
}

bool register_is_msr_armed(DWORD msr)
{
    return msr && find_msr(msr) >= 0;
}

/* ---- as the engine sets ------------------------------------------------------------------------------------------- */

static INTSTATUS enable_cr(void *guest, DWORD cr)
{
    (void)guest;
    if (cr > 31 || !(KNOWN_CONTROLS >> cr & 1))
        return INT_STATUS_NOT_SUPPORTED;
    atomic_fetch_or(&controls, 1u << cr);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS disable_cr(void *guest, DWORD cr)
{
    (void)guest;
    if (cr > 31 || !(KNOWN_CONTROLS >> cr & 1))
        return INT_STATUS_NOT_SUPPORTED;
    atomic_fetch_and(&controls, ~(1u << cr));
    return INT_STATUS_SUCCESS;
}

/** Only for a register whose value is known: the handler is given the old one. */
static INTSTATUS enable_msr(void *guest, DWORD msr, BOOLEAN *former)
{
    (void)guest;
    if (!former)
        return INT_STATUS_INVALID_PARAMETER_3;
    if (!vcpu_knows_msr(msr))
        return INT_STATUS_NOT_SUPPORTED;
    *former = find_msr(msr) >= 0;
    if (*former)
        return INT_STATUS_SUCCESS;
    for (int i = 0; i < MAX_MSRS; i++) {
        unsigned expected = 0;

        if (atomic_compare_exchange_strong(&msrs[i], &expected, msr))
            return INT_STATUS_SUCCESS;
    }
    return INT_STATUS_INSUFFICIENT_RESOURCES;
}

static INTSTATUS disable_msr(void *guest, DWORD msr, BOOLEAN *former)
{
    int place = vcpu_knows_msr(msr) ? find_msr(msr) : -1;

    (void)guest;
    if (!former)
        return INT_STATUS_INVALID_PARAMETER_3;
    *former = place >= 0;
    if (place >= 0)
        atomic_store(&msrs[place], 0);
    return INT_STATUS_SUCCESS;
}

/** The pair of functions that set and clear one of the handlers. */
#define REGISTRATION(name, type)                                                                                          \
    static INTSTATUS register_##name(void *guest, type callback)                                                          \
    {                                                                                                                     \
        (void)guest;                                                                                                      \
        if (!callback)                                                                                                    \
            return INT_STATUS_INVALID_PARAMETER_2;                                                                        \
        atomic_store(&name##_handler, callback);                                                                          \
        return INT_STATUS_SUCCESS;                                                                                        \
    }                                                                                                                     \
    static INTSTATUS unregister_##name(void *guest)                                                                       \
    {                                                                                                                     \
        (void)guest;                                                                                                      \
        atomic_store(&name##_handler, NULL);                                                                              \
        return INT_STATUS_SUCCESS;                                                                                        \
    }

REGISTRATION(cr, PFUNC_IntCrWriteCallback)
REGISTRATION(msr, PFUNC_IntMSRViolationCallback)
REGISTRATION(xcr, PFUNC_IntXcrWriteCallback)
REGISTRATION(dtr, PFUNC_IntIntroDescriptorTableCallback)

void register_services_fill(GLUE_IFACE *glue, unsigned untrapped)
{
    if (!(untrapped & UNTRAPPED_CR)) {
        glue->EnableCrWriteExit = enable_cr;
        glue->DisableCrWriteExit = disable_cr;
        glue->RegisterCrWriteHandler = register_cr;
        glue->UnregisterCrWriteHandler = unregister_cr;
        glue->RegisterXcrWriteHandler = register_xcr;
        glue->UnregisterXcrWriteHandler = unregister_xcr;
    }
    if (!(untrapped & UNTRAPPED_MSR)) {
        glue->EnableMSRExit = enable_msr;
        glue->DisableMSRExit = disable_msr;
        glue->RegisterMSRHandler = register_msr;
        glue->UnregisterMSRHandler = unregister_msr;
    }
    has_dtr = !(untrapped & UNTRAPPED_DTR);
    if (has_dtr) {
        glue->RegisterDtrHandler = register_dtr;
        glue->UnregisterDtrHandler = unregister_dtr;
    }
}
