/* SPDX-License-Identifier: MIT */
/** Which model-specific registers exit when they are written: KVM's filter of the VM. */
#ifndef INTROKVM_MSR_FILTER_H
#define INTROKVM_MSR_FILTER_H

#include <pthread.h>
#include <stdbool.h>

#include "introcore.h"
#include "introcore_kvm.h"

#define MAX_FILTERED_MSRS 32u

/** Registers in ascending order. */
typedef struct MsrList {
    DWORD count;
    DWORD msrs[MAX_FILTERED_MSRS];
} MsrList;

typedef struct MsrFilter {
    pthread_mutex_t lock;
    MsrList list; /* what KVM has been given */
} MsrFilter;

/** Whether KVM has such a filter; asks it to exit rather than to fault. */
bool msr_filter_prepare(IntroKvm *vm);
void msr_filter_dispose(IntroKvm *vm);

/** EnableMSRExit, DisableMSRExit. The filter is in force on every vCPU when they return. */
INTSTATUS msr_filter_enable(void *guest, DWORD msr, BOOLEAN *former);
INTSTATUS msr_filter_disable(void *guest, DWORD msr, BOOLEAN *former);

/** Whether writes to it are the engine's to judge. */
bool msr_filter_has(IntroKvm *vm, DWORD msr);

#endif
