// SPDX-License-Identifier: MIT
/*
 * fetch_watch - the engine's library with one thing more: it traps the execution of one page of the guest and says what it sees.
 *
 * It is linked against libintrocore.so, so that whoever loads it finds every function of the real one, but for IntInit. The page is
 * that of the guest-physical address in the environment variable FETCH_WATCH_GPA. Each instruction that begins at that very address
 * is reported on the standard error stream, with the registers that the glue has pushed, and is let run.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC visibility push(default)
#include "introcore.h"
#pragma GCC visibility pop

static GLUE_IFACE hypervisor;
static PFUNC_IntEPTViolationCallback engine_handler;
static QWORD watched;

static void report(const VCPU_STATE *vcpu)
{
    const IG_ARCH_REGS *regs = &vcpu->Regs;

    fprintf(stderr,
            "fetch: rip=0x%" PRIx64 " rsp=0x%" PRIx64 " rdi=0x%" PRIx64 " rsi=0x%" PRIx64 " rdx=0x%" PRIx64 " rcx=0x%" PRIx64
            " r8=0x%" PRIx64 " r9=0x%" PRIx64 " r10=0x%" PRIx64 " r11=0x%" PRIx64 " pushed=0x%" PRIx64 " cpl=%u\n",
            regs->Rip, regs->Rsp, regs->Rdi, regs->Rsi, regs->Rdx, regs->Rcx, regs->R8, regs->R9, regs->R10, regs->R11,
            vcpu->PushedMask, vcpu->Cpl);
}

static INTSTATUS on_violation(void *guest, QWORD gpa, DWORD length, QWORD gla, DWORD cpu, INTRO_ACTION *action,
                              IG_EPT_ACCESS type)
{
    void *records = NULL;
    DWORD stride = 0, count = 0;

    if (!(type & IG_EPT_HOOK_EXECUTE))
        return engine_handler(guest, gpa, length, gla, cpu, action, type);
    *action = introGuestAllowed;
    if (gpa == watched && IntGetVcpuRecords(guest, &records, &stride, &count) == INT_STATUS_SUCCESS && cpu < count)
        report((const VCPU_STATE *)((const char *)records + (size_t)cpu * stride));
    return INT_STATUS_SUCCESS;
}

static INTSTATUS on_register(void *guest, PFUNC_IntEPTViolationCallback callback)
{
    const char *text = getenv("FETCH_WATCH_GPA");
    INTSTATUS status;

    engine_handler = callback;
    status = hypervisor.RegisterEPTHandler(guest, on_violation);
    watched = text ? strtoull(text, NULL, 0) : 0;
    if (status == INT_STATUS_SUCCESS && watched)
        status = hypervisor.SetEPTPageProtection(guest, 0, watched & ~0xFFFull, 1, 1, 0);
    fprintf(stderr, "fetch: watching 0x%" PRIx64 ": status 0x%08x\n", watched, (unsigned)status);
    return status;
}

INTSTATUS IntInit(GLUE_IFACE *glue, UPPER_IFACE *upper)
{
    const size_t half = offsetof(GLUE_IFACE, NewGuestNotification);
    __typeof__(IntInit) *real = (__typeof__(IntInit) *)dlsym(RTLD_NEXT, "IntInit");
    GLUE_IFACE copy = *glue;
    INTSTATUS status;

    hypervisor = *glue;
    copy.RegisterEPTHandler = on_register;
    status = real(&copy, upper);
    if (status == INT_STATUS_SUCCESS)
        memcpy((char *)glue + half, (char *)&copy + half, sizeof copy - half);
    return status;
}
