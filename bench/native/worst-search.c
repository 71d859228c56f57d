/* SPDX-License-Identifier: MIT */
/* Looks for the exit that takes longest: inputs that did well are changed a little, and kept when they do better. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "clock.h"
#include "host.h"
#include "modes.h"
#include "worst.h"

#define POPULATION 64
#define REPETITIONS 5
#define PROGRESS_NS 5000000000ull
#define NS_A_SECOND 1000000000ull

struct candidate {
    struct worst_input input;
    uint64_t ticks;
};

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((random_state >> 33) % below);
}

/** Ticks of the quickest of a few repetitions: what else the machine does only adds. */
static uint64_t measure(const struct worst_input *input)
{
    uint64_t least = UINT64_MAX;
    worst_arrange(input);
    for (int i = 0; i < REPETITIONS; i++) {
        uint64_t start = __rdtsc();
        worst_exit();
        uint64_t ticks = __rdtsc() - start;
        if (ticks < least)
            least = ticks;
    }
    return least;
}

static void mutate(struct worst_input *input, const struct worst_input *other)
{
    uint32_t changes = 1 + draw(4);
    for (uint32_t i = 0; i < changes; i++)
        input->byte[draw(WORST_BYTES)] = (uint8_t)draw(256);
    if (draw(4) == 0) {
        uint32_t start = draw(WORST_BYTES), length = draw(WORST_BYTES - start + 1);
        memcpy(input->byte + start, other->byte + start, length);
    }
}

static void print(const char *name, const struct candidate *best, unsigned long tried)
{
    printf("%s %llu ticks, %lu tried: ", name, (unsigned long long)best->ticks, tried);
    for (int i = 0; i < WORST_BYTES; i++)
        printf("%02x", best->input.byte[i]);
    putchar('\n');
    fflush(stdout);
}

void mode_worst(const char *library, unsigned seconds, unsigned seed)
{
    static struct candidate population[POPULATION];
    struct candidate best = {.ticks = 0};
    unsigned long tried = 0;
    host_load(library);
    worst_prepare();
    random_state = seed;
    for (int i = 0; i < POPULATION; i++) {
        for (int j = 0; j < WORST_BYTES; j++)
            population[i].input.byte[j] = (uint8_t)draw(256);
        if (i == 0 && !worst_parse(worst_known, &population[i].input))
            host_fail("the known worst input is none");
        population[i].ticks = measure(&population[i].input);
    }

    uint64_t start = clock_now(), shown = start;
    while (clock_now() - start < seconds * NS_A_SECOND) {
        const struct candidate *a = &population[draw(POPULATION)], *b = &population[draw(POPULATION)];
        struct candidate child = a->ticks > b->ticks ? *a : *b;
        mutate(&child.input, &population[draw(POPULATION)].input);
        child.ticks = measure(&child.input);
        tried++;
        struct candidate *loser = &population[draw(POPULATION)];
        if (child.ticks > loser->ticks)
            *loser = child;
        /* Measured once more: a disturbance is not kept. */
        if (child.ticks > best.ticks && (child.ticks = measure(&child.input)) > best.ticks)
            best = child;
        if (clock_now() - shown > PROGRESS_NS) {
            print("progress", &best, tried);
            shown = clock_now();
        }
    }
    print("worst", &best, tried);
}
