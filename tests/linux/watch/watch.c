// SPDX-License-Identifier: MIT
/*
 * watch - the engine's library with one thing more: it traps the execution of one page of the guest, and reads of another, and says
 * what it sees.
 *
 * It is linked against libintrocore.so, so that whoever loads it finds every function of the real one, but for IntInit. The pages
 * are those of the guest-physical addresses in the environment variables WATCH_FETCH and WATCH_READ. Each instruction that begins
 * at the one is reported on the standard error stream, and each read at the other that bears the mark, with the registers that the
 * glue has pushed. Instructions are let run; what becomes of a read is chosen by whoever reads: see enum read_answer. Everything else
 * in these pages is let happen.
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

/** In RDX, of who reads with it in RSI. */
enum read_answer { READ_GIVEN, READ_PATCHED, READ_REFUSED };

#define READ_MARK 0x7265616420746573ull
#define READ_PATCH 0x1122334455667788ull
#define READ_LENGTH 3 /* of the instruction that reads */

static GLUE_IFACE hypervisor;
static PFUNC_IntEPTViolationCallback engine_handler;
static QWORD watched_fetch, watched_read;

static VCPU_STATE *record_of(void *guest, DWORD cpu)
{
    void *records = NULL;
    DWORD stride = 0, count = 0;

    if (IntGetVcpuRecords(guest, &records, &stride, &count) != INT_STATUS_SUCCESS || cpu >= count)
        return NULL;
    return (VCPU_STATE *)((char *)records + (size_t)cpu * stride);
}

static void report(const char *what, const VCPU_STATE *vcpu)
{
    const IG_ARCH_REGS *regs = &vcpu->Regs;

    fprintf(stderr,
            "watch: %s rip=0x%" PRIx64 " rsp=0x%" PRIx64 " rax=0x%" PRIx64 " rdi=0x%" PRIx64 " rsi=0x%" PRIx64 " rdx=0x%" PRIx64
            " rcx=0x%" PRIx64 " r8=0x%" PRIx64 " r9=0x%" PRIx64 " r10=0x%" PRIx64 " r11=0x%" PRIx64 " pushed=0x%" PRIx64 " cpl=%u\n",
            what, regs->Rip, regs->Rsp, regs->Rax, regs->Rdi, regs->Rsi, regs->Rdx, regs->Rcx, regs->R8, regs->R9, regs->R10,
            regs->R11, vcpu->PushedMask, vcpu->Cpl);
}

/** What becomes of a read with the mark. */
static INTRO_ACTION answer_read(void *guest, VCPU_STATE *vcpu, DWORD cpu)
{
    static const QWORD patch = READ_PATCH;

    switch (vcpu->Regs.Rdx) {
    case READ_PATCHED:
        hypervisor.SetIntroEmulatorContext(guest, cpu, vcpu->Regs.Rdi, sizeof patch, (PBYTE)&patch);
        return introGuestAllowedPatched;
    case READ_REFUSED:
        vcpu->Instruction.Length = READ_LENGTH;
        return introGuestNotAllowed;
    default:
        return introGuestAllowed;
    }
}

static INTSTATUS on_violation(void *guest, QWORD gpa, DWORD length, QWORD gla, DWORD cpu, INTRO_ACTION *action,
                              IG_EPT_ACCESS type)
{
    VCPU_STATE *vcpu;

    if (type & IG_EPT_HOOK_WRITE)
        return engine_handler(guest, gpa, length, gla, cpu, action, type);
    *action = introGuestAllowed;
    vcpu = record_of(guest, cpu);
    if (vcpu && (type & IG_EPT_HOOK_EXECUTE) && gpa == watched_fetch) {
        report("fetch", vcpu);
    } else if (vcpu && (type & IG_EPT_HOOK_READ) && gpa == watched_read && vcpu->Regs.Rsi == READ_MARK) {
        report("read", vcpu);
        *action = answer_read(guest, vcpu, cpu);
    }
    return INT_STATUS_SUCCESS;
}

/** Withdraws a right from the page of the address in an environment variable. Returns the address, 0 if there is none. */
static QWORD watch(void *guest, const char *variable, BYTE read, BYTE execute)
{
    const char *text = getenv(variable);
    QWORD gpa = text ? strtoull(text, NULL, 0) : 0;

    if (gpa && hypervisor.SetEPTPageProtection(guest, 0, gpa & ~0xFFFull, read, 1, execute) != INT_STATUS_SUCCESS)
        fprintf(stderr, "%s=0x%" PRIx64 " cannot be watched\n", variable, gpa);
    return gpa;
}

static INTSTATUS on_register(void *guest, PFUNC_IntEPTViolationCallback callback)
{
    INTSTATUS status;

    engine_handler = callback;
    status = hypervisor.RegisterEPTHandler(guest, on_violation);
    watched_fetch = watch(guest, "WATCH_FETCH", 1, 0);
    watched_read = watch(guest, "WATCH_READ", 0, 1);
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
