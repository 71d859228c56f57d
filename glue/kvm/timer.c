// SPDX-License-Identifier: MIT
// The thread that looks at the clock.

#include "timer.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "engine.h"
#include "log.h"
#include "vm.h"

#define SECOND 1000000000l
#define PERIOD (SECOND / PROGRESS_FREQUENCY)
#define TICKS_A_CALL (PROGRESS_FREQUENCY / IG_TIMER_FREQUENCY)

static void add_period(struct timespec *time)
{
    time->tv_nsec += PERIOD;
    time->tv_sec += time->tv_nsec / SECOND;
    time->tv_nsec %= SECOND;
}

static void call(IntroKvm *vm, PFUNC_IntIntroTimerCallback handler)
{
    INTSTATUS status = handler(vm);

    COUNT(vm, timer_calls);
    if (!INT_SUCCESS(status))
        log_error_limited("the engine's timer handler failed: %s", engine.IntStatusToString(status));
}

static void *run(void *context)
{
    IntroKvm *vm = context;
    Timer *timer = &vm->timer;
    struct timespec next;
    unsigned ticks = 0;

    clock_gettime(CLOCK_MONOTONIC, &next);
    add_period(&next);
    pthread_mutex_lock(&timer->lock);
    while (!timer->is_ending) {
        PFUNC_IntIntroTimerCallback handler;

        if (pthread_cond_timedwait(&timer->changed, &timer->lock, &next) == 0)
            continue;
        add_period(&next);
        handler = timer->handler;
        pthread_mutex_unlock(&timer->lock);
        progress_look(vm);
        if (++ticks % TICKS_A_CALL == 0 && handler)
            call(vm, handler);
        pthread_mutex_lock(&timer->lock);
    }
    pthread_mutex_unlock(&timer->lock);
    return NULL;
}

bool timer_start(IntroKvm *vm)
{
    sigset_t all, former;

    if (vm->timer.has_thread)
        return true;
    // Signals of the VMM's are not for this thread.
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    errno = pthread_create(&vm->timer.thread, NULL, run, vm);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    vm->timer.has_thread = errno == 0;
    return vm->timer.has_thread;
}

void timer_prepare(IntroKvm *vm)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&vm->timer.lock, NULL);
    pthread_cond_init(&vm->timer.changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void timer_dispose(IntroKvm *vm)
{
    Timer *timer = &vm->timer;

    pthread_mutex_lock(&timer->lock);
    timer->is_ending = true;
    pthread_cond_broadcast(&timer->changed);
    pthread_mutex_unlock(&timer->lock);
    if (timer->has_thread)
        pthread_join(timer->thread, NULL);
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->lock);
}

INTSTATUS timer_register(void *guest, PFUNC_IntIntroTimerCallback handler)
{
    IntroKvm *vm = guest;
    Timer *timer = &vm->timer;

    if (!handler)
        return INT_STATUS_INVALID_PARAMETER_2;
    pthread_mutex_lock(&timer->lock);
    timer->handler = handler;
    pthread_mutex_unlock(&timer->lock);
    return INT_STATUS_SUCCESS;
}

INTSTATUS timer_unregister(void *guest)
{
    IntroKvm *vm = guest;

    pthread_mutex_lock(&vm->timer.lock);
    vm->timer.handler = NULL;
    pthread_mutex_unlock(&vm->timer.lock);
    return INT_STATUS_SUCCESS;
}
