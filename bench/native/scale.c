/* SPDX-License-Identifier: MIT */
/**
 * scale.c - two vCPUs of one guest against two processes with one vCPU each. This process loads no library: it starts three
 * workers (one with two vCPUs, two with one) and lets them run in turns, so that whatever else the machine does meets both alike.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "modes.h"

#define MAX_ROUNDS 1000

/** A worker process: a byte to it begins a round, a line from it says how many events a second it made. */
struct worker {
    pid_t process;
    int begin;
    FILE *result;
};

static struct worker worker_start(const char *self, const char *library, const char *vcpus, const char *processor)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        host_fail("no pipe");
    struct worker worker = {.process = fork(), .begin = to[1], .result = fdopen(from[0], "r")};
    if (worker.process < 0 || worker.result == NULL)
        host_fail("no process");
    if (worker.process == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[0]), close(to[1]), close(from[0]), close(from[1]);
        execl(self, self, "scale-worker", library, vcpus, processor, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    return worker;
}

static double worker_result(const struct worker *worker)
{
    double rate = 0;
    if (fscanf(worker->result, "%lf", &rate) != 1)
        host_fail("a worker ended early");
    return rate;
}

static void worker_begin(const struct worker *worker)
{
    if (write(worker->begin, "g", 1) != 1)
        host_fail("a worker ended early");
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void mode_scale(const char *self, const char *library, unsigned rounds)
{
    static double ratios[MAX_ROUNDS], shared[MAX_ROUNDS], apart[MAX_ROUNDS];
    if (rounds == 0 || rounds > MAX_ROUNDS)
        host_fail("rounds: 1 to %d", MAX_ROUNDS);
    const struct worker both = worker_start(self, library, "2", "0");
    const struct worker first = worker_start(self, library, "1", "0");
    const struct worker second = worker_start(self, library, "1", "1");
    for (unsigned i = 0; i < rounds; i++) {
        worker_begin(&both);
        shared[i] = worker_result(&both);
        worker_begin(&first);
        worker_begin(&second);
        apart[i] = worker_result(&first);
        apart[i] += worker_result(&second);
        ratios[i] = shared[i] / apart[i];
    }
    close(both.begin), close(first.begin), close(second.begin);
    while (wait(NULL) > 0)
        continue;
    qsort(ratios, rounds, sizeof ratios[0], compare);
    qsort(shared, rounds, sizeof shared[0], compare);
    qsort(apart, rounds, sizeof apart[0], compare);
    printf("scale_ratio %.3f\n", ratios[rounds / 2]);
    printf("scale_ratio_best %.3f\n", shared[rounds - 1] / apart[rounds - 1]);
}
