// SPDX-License-Identifier: GPL-2.0-or-later
// Calls the engine's timer handler IG_TIMER_FREQUENCY times a second, with all vCPUs stopped: what it looks at holds still.

#include "timer_services.h"

#include <inttypes.h>

#include "engine.h"
#include "event_log.h"
#include "periodic.h"
#include "session.h"
#include "statistics.h"

#define SECOND 1000000000

static _Atomic(PFUNC_IntIntroTimerCallback) handler;

static void call_handler(void)
{
    PFUNC_IntIntroTimerCallback callback = atomic_load(&handler);
    INTSTATUS status;

    if (!callback)
        return;
    status = callback(session_guest());
    statistics_timer();
    if (!INT_SUCCESS(status))
        log_error_limited("the engine's timer handler failed: %s", engine.IntStatusToString(status));
}

static Periodic timer = {.period = SECOND / IG_TIMER_FREQUENCY, .work = call_handler};

static INTSTATUS register_timer(void *guest, PFUNC_IntIntroTimerCallback callback)
{
    bool taken;

    (void)guest;
    if (!callback)
        return INT_STATUS_INVALID_PARAMETER_2;
    taken = qemu_big_lock_acquire();
    atomic_store(&handler, callback);
    periodic_start(&timer);
    qemu_big_lock_release(taken);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS unregister_timer(void *guest)
{
    bool taken = qemu_big_lock_acquire();

    (void)guest;
    periodic_stop(&timer);
    atomic_store(&handler, NULL);
    qemu_big_lock_release(taken);
    return INT_STATUS_SUCCESS;
}

void timer_services_fill(GLUE_IFACE *glue)
{
    glue->RegisterIntroTimerHandler = register_timer;
    glue->UnregisterIntroTimerHandler = unregister_timer;
}
