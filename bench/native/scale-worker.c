/* SPDX-License-Identifier: MIT */
/* A worker of scale.c: threads that lead stores outside the guarded object through the engine, each on a processor of its own. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "event.h"
#include "modes.h"

#define ROUND 40000000ull /* ns */
#define CHUNK 500         /* events between two looks at the clock */

static struct guest *guest;
static pthread_barrier_t begin, end;
static double rates[MAX_VCPUS];

static double run(unsigned vcpu)
{
    const struct store store = {vcpu, CODE_MOV, GPA_IDT + IDT_HALF, 1};
    unsigned long events = 0;
    store_prepare(guest, &store);
    uint64_t start = clock_now(), now;
    do {
        for (unsigned i = 0; i < CHUNK; i++)
            store_exit(guest, &store);
        events += CHUNK;
        now = clock_now();
    } while (now - start < ROUND);
    return (double)events * 1e9 / (double)(now - start);
}

static void bind(unsigned processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static void *second_vcpu(void *processor)
{
    bind((unsigned)(uintptr_t)processor);
    for (;;) {
        pthread_barrier_wait(&begin);
        rates[1] = run(1);
        pthread_barrier_wait(&end);
    }
    return NULL;
}

void mode_scale_worker(const char *library, unsigned vcpus, unsigned first_processor)
{
    char byte;
    pthread_t thread;
    if (vcpus == 0 || vcpus > MAX_VCPUS)
        host_fail("vCPUs: 1 to %d", MAX_VCPUS);
    host_load(library);
    guest = guest_create(GLUE_PUSHES, vcpus, 0);
    guest_start(guest);
    pthread_barrier_init(&begin, NULL, vcpus);
    pthread_barrier_init(&end, NULL, vcpus);
    if (vcpus == 2 && pthread_create(&thread, NULL, second_vcpu, (void *)(uintptr_t)(first_processor + 1)) != 0)
        host_fail("no thread");
    bind(first_processor);
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        pthread_barrier_wait(&begin);
        rates[0] = run(0);
        pthread_barrier_wait(&end);
        printf("%.1f\n", rates[0] + rates[1]);
        fflush(stdout);
    }
    _exit(0); /* the other thread waits for a round that does not come */
}
