/* SPDX-License-Identifier: MIT */
/** A thread a guest, from its first start on: calls the engine's timer handler IG_TIMER_FREQUENCY times a second, and looks after vCPUs
 *  that do not get on, see progress.h. */
#ifndef INTROKVM_TIMER_H
#define INTROKVM_TIMER_H

#include <pthread.h>
#include <stdbool.h>

#include "introcore.h"
#include "introcore_kvm.h"

typedef struct Timer {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    PFUNC_IntIntroTimerCallback handler; /* with the lock */
    bool is_ending;
    bool has_thread;
    pthread_t thread;
} Timer;

void timer_prepare(IntroKvm *vm);
void timer_dispose(IntroKvm *vm);

/** Makes the thread, if it is not there. False, with errno set: it cannot be made. */
bool timer_start(IntroKvm *vm);

/** RegisterIntroTimerHandler, UnregisterIntroTimerHandler. A call that has begun may still go on after the latter. */
INTSTATUS timer_register(void *guest, PFUNC_IntIntroTimerCallback handler);
INTSTATUS timer_unregister(void *guest);

#endif
