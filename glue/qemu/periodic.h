/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Work that is done again and again while all vCPUs are stopped. */
#ifndef INTROCORE_QEMU_PERIODIC_H
#define INTROCORE_QEMU_PERIODIC_H

#include <stdatomic.h>

#include "qemu_internals.h"

/** One such work. Of static lifetime; period and work are set, everything else zero. */
typedef struct Periodic {
    int64_t period; /* nanoseconds of real time */
    void (*work)(void);
    atomic_bool is_running;
    atomic_bool is_queued;
    bool is_prepared;
    _Alignas(16) unsigned char timer[TIMER_SPACE];
} Periodic;

/** Begins: work() is called one period from now for the first time, on the thread of a vCPU, with the big lock. Under the big
 *  lock. */
void periodic_start(Periodic *periodic);

/** Ends. work() is not called any more once this has returned. Under the big lock. */
void periodic_stop(Periodic *periodic);

#endif
