/* SPDX-License-Identifier: MIT */
/* Nanoseconds an event. On a machine that others use, the smallest batch says most. */
#include <stdio.h>
#include <stdlib.h>

#include "cases.h"
#include "clock.h"
#include "host.h"
#include "modes.h"

#define BATCH 2000
#define MAX_CASES 64
#define MAX_BATCHES 4096

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void mode_time(const char *library, unsigned batches)
{
    static double times[MAX_CASES][MAX_BATCHES];
    if (batches == 0 || batches > MAX_BATCHES)
        host_fail("batches: 1 to %d", MAX_BATCHES);
    host_load(library);
    cases_prepare();
    for (unsigned batch = 0; batch < batches; batch++) {
        for (unsigned i = 0; cases[i].name != NULL; i++) {
            if (!case_is_of_library(&cases[i]))
                continue;
            cases[i].run(BATCH / 10); /* what the case before left in the caches goes */
            uint64_t start = clock_now();
            cases[i].run(BATCH);
            times[i][batch] = (double)(clock_now() - start) / BATCH;
            if (!cases[i].check(BATCH))
                host_fail("%s did not come out as it should", cases[i].name);
        }
    }
    for (unsigned i = 0; cases[i].name != NULL; i++) {
        if (!case_is_of_library(&cases[i]))
            continue;
        qsort(times[i], batches, sizeof times[i][0], compare);
        printf("%s %.1f %.1f\n", cases[i].name, times[i][0], times[i][batches / 2]);
    }
}
