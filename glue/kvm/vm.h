/* SPDX-License-Identifier: MIT */
/** One guest, and its vCPUs. */
#ifndef INTROKVM_VM_H
#define INTROKVM_VM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "gate.h"
#include "injection.h"
#include "introcore.h"
#include "introcore_kvm.h"
#include "memory.h"
#include "msr_filter.h"
#include "progress.h"
#include "timer.h"

/** Counts that any thread adds to; the members are those of IntroKvmStatistics. */
typedef struct Counters {
    atomic_ullong stores, stores_denied, late_stores, steps, stuck, msr_writes, msr_writes_denied, injections, injections_lost, timer_calls,
        stops, slot_changes;
} Counters;

/** One vCPU. Its thread is the one that calls introkvm_run for it. */
typedef struct Vcpu {
    IntroKvm *vm;
    DWORD index;
    int fd;
    struct kvm_run *run; /* shared with KVM; the VMM's mapping */
    _Atomic(VCPU_STATE *) given_record; /* the engine's, from introkvm_start to introkvm_stop */
    VCPU_STATE *record;  /* the same as this exit has found it. Its own thread's */
    bool is_in_exit;     /* the engine is being asked; the registers in run are those of the exit. Its own thread's */
    Presence presence;   /* where it is, see gate.h */
    Injection injection;
    Progress progress;
} Vcpu;

struct IntroKvm {
    int kvm_fd, vm_fd;
    IntroKvmConfig config;
    uint32_t capabilities; /* INTROKVM_ */
    DWORD xsave_size;
    Gate gate;
    Memory memory;
    MsrFilter msr_filter;
    Timer timer;
    Counters counters;
    _Atomic(PFUNC_IntEPTViolationCallback) store_handler;
    _Atomic(PFUNC_IntMSRViolationCallback) msr_handler;
    _Atomic(PFUNC_IntEventInjectionCallback) injection_handler;
    bool is_started;
    DWORD vcpu_count;
    Vcpu *vcpus[INTROKVM_MAX_VCPUS];
};

/** The vCPU that this thread is in introkvm_run for, or null. */
Vcpu *vcpu_current(void);

/** A vCPU by number, or null. */
static inline Vcpu *vcpu_get(IntroKvm *vm, DWORD index)
{
    return index < vm->vcpu_count ? vm->vcpus[index] : NULL;
}

/** Adds one to a member of Counters. */
#define COUNT(vm, member) atomic_fetch_add_explicit(&(vm)->counters.member, 1, memory_order_relaxed)

#endif
