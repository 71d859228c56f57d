// SPDX-License-Identifier: GPL-2.0-or-later
// Periodic work: a timer of QEMU's main loop that asks for a section in which no vCPU runs.

#include "periodic.h"

#include "vcpu.h"

/** In the section. */
static void run(CPUState *cpu, CpuWorkArgument argument)
{
    Periodic *periodic = argument.host_ptr;
    bool taken = qemu_big_lock_acquire();

    (void)cpu;
    atomic_store(&periodic->is_queued, false);
    if (atomic_load(&periodic->is_running))
        periodic->work();
    qemu_big_lock_release(taken);
}

static void arm(Periodic *periodic)
{
    qemu.timer_mod_ns((QemuTimer *)(void *)periodic->timer, qemu.qemu_clock_get_ns(CLOCK_OF_REAL_TIME) + periodic->period);
}

/** On the thread of the main loop, with the big lock. */
static void on_timer(void *opaque)
{
    Periodic *periodic = opaque;

    if (!atomic_load(&periodic->is_running))
        return;
    // A section that is still waited for is enough.
    if (!atomic_exchange(&periodic->is_queued, true))
        qemu.async_safe_run_on_cpu(vcpu_get(0)->cpu, run, (CpuWorkArgument){.host_ptr = periodic});
    arm(periodic);
}

void periodic_start(Periodic *periodic)
{
    if (!periodic->is_prepared)
        qemu.timer_init_full((QemuTimer *)(void *)periodic->timer, NULL, CLOCK_OF_REAL_TIME, SCALE_NANOSECONDS, 0, on_timer,
                             periodic);
    periodic->is_prepared = true;
    atomic_store(&periodic->is_running, true);
    arm(periodic);
}

void periodic_stop(Periodic *periodic)
{
    if (atomic_exchange(&periodic->is_running, false))
        qemu.timer_del((QemuTimer *)(void *)periodic->timer);
}
