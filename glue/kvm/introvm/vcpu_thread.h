/* SPDX-License-Identifier: MIT */
/** A routine of the guest's that runs on a thread of its own. */
#ifndef INTROVM_VCPU_THREAD_H
#define INTROVM_VCPU_THREAD_H

#include <pthread.h>

#include "machine.h"

typedef struct VcpuThread {
    Machine *machine;
    unsigned vcpu;
    uint64_t routine;
    Call call;     /* afterwards the registers that the routine left */
    Ending ending; /* the same */
    atomic_bool is_done;
    pthread_t thread;
} VcpuThread;

/** machine, vcpu, routine and call are set. False: no thread. */
bool vcpu_thread_start(VcpuThread *thread);
void vcpu_thread_join(VcpuThread *thread);

/** Waits until a member of a vCPU's mailbox is another value; false after a second or so. */
bool vcpu_thread_moves(Machine *machine, unsigned vcpu, unsigned member);

/** Sleeps for milliseconds. */
void sleep_for(unsigned milliseconds);

#endif
