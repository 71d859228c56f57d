// SPDX-License-Identifier: MIT
// introvm: a minimal VMM with a guest of its own, which puts the engine's KVM glue to the test.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "hooks.h"
#include "introcore_kvm.h"
#include "scenarios.h"

typedef struct Scenario {
    const char *name, *text;
    void (*run)(void);
} Scenario;

static const Scenario scenarios[] = {
#define SCENARIO_ENTRY(name, text) {#name, text, scenario_##name},
    SCENARIOS(SCENARIO_ENTRY)
#undef SCENARIO_ENTRY
};

#define SCENARIO_COUNT (sizeof scenarios / sizeof *scenarios)

static bool is_verbose;

static void print_line(const char *line)
{
    if (is_verbose || strncmp(line, "error:", 6) == 0)
        printf("# log: %s\n", line);
}

static int print_usage(FILE *to)
{
    fprintf(to, "introvm --library PATH [--verbose] [SCENARIO...]: runs all scenarios, or these:\n");
    for (size_t i = 0; i < SCENARIO_COUNT; i++)
        fprintf(to, "  %-10s %s\n", scenarios[i].name, scenarios[i].text);
    return to == stdout ? EXIT_SUCCESS : 2;
}

static const Scenario *find(const char *name)
{
    for (size_t i = 0; i < SCENARIO_COUNT; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    return NULL;
}

static void run(const Scenario *scenario)
{
    struct timespec begin, end;

    check_scenario(scenario->name);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    scenario->run();
    clock_gettime(CLOCK_MONOTONIC, &end);
    check_note("took %.3f s", (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
}

int main(int count, char **words)
{
    const Scenario *chosen[SCENARIO_COUNT];
    const char *library = NULL;
    size_t chosen_count = 0;

    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--help") == 0)
            return print_usage(stdout);
        if (strcmp(words[i], "--verbose") == 0)
            is_verbose = true;
        else if (strcmp(words[i], "--library") == 0 && i + 1 < count)
            library = words[++i];
        else if (chosen_count < SCENARIO_COUNT && find(words[i]))
            chosen[chosen_count++] = find(words[i]);
        else
            return print_usage(stderr);
    }
    if (!library)
        return print_usage(stderr);
    if (introkvm_load(library, print_line) != 0) {
        printf("introvm: %s cannot be used: %s\n", library, strerror(errno));
        return EXIT_FAILURE;
    }
    hooks_load(library);
    for (size_t i = 0; i < SCENARIO_COUNT && !chosen_count; i++)
        run(&scenarios[i]);
    for (size_t i = 0; i < chosen_count; i++)
        run(chosen[i]);
    check_scenario("introvm");
    check(introkvm_unload() == 0, "the engine is let go");
    return check_end() ? EXIT_SUCCESS : EXIT_FAILURE;
}
