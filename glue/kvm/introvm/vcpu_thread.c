// SPDX-License-Identifier: MIT
// A routine of the guest's that runs on a thread of its own.

#include "vcpu_thread.h"

#include <time.h>

#define POLL 2u       /* milliseconds */
#define MAX_POLLS 1000

static void *run(void *context)
{
    VcpuThread *thread = context;

    thread->ending = machine_call(thread->machine, thread->vcpu, thread->routine, &thread->call);
    atomic_store(&thread->is_done, true);
    return NULL;
}

bool vcpu_thread_start(VcpuThread *thread)
{
    return pthread_create(&thread->thread, NULL, run, thread) == 0;
}

void vcpu_thread_join(VcpuThread *thread)
{
    pthread_join(thread->thread, NULL);
}

void sleep_for(unsigned milliseconds)
{
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};

    nanosleep(&time, NULL);
}

bool vcpu_thread_moves(Machine *machine, unsigned vcpu, unsigned member)
{
    volatile uint64_t *box = machine_box(machine, vcpu, member);
    uint64_t before = *box;

    for (int i = 0; i < MAX_POLLS && *box == before; i++)
        sleep_for(POLL);
    return *box != before;
}
