/* SPDX-License-Identifier: MIT */
/* What the library and its guests take. */
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "modes.h"

#define GUESTS 256

/** A line of /proc/self/smaps_rollup, in bytes. */
static unsigned long long rollup(const char *name)
{
    char line[256];
    unsigned long long kibibytes = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL)
        host_fail("/proc/self/smaps_rollup cannot be read");
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0 && sscanf(line + strlen(name), ": %llu", &kibibytes) == 1)
            break;
    }
    fclose(file);
    return kibibytes * 1024;
}

void mode_memory(const char *library)
{
    static struct guest *guests[GUESTS];
    const struct store store = {0, CODE_MOV, GPA_IDT, 1};
    unsigned long long before = rollup("Rss");
    host_load(library);
    printf("library_rss %llu\n", rollup("Rss") - before);

    for (unsigned i = 0; i < GUESTS; i++)
        guests[i] = guest_create(GLUE_PUSHES, 1, 0);
    before = rollup("Anonymous");
    for (unsigned i = 0; i < GUESTS; i++) {
        guest_start(guests[i]);
        store_prepare(guests[i], &store);
        store_exit(guests[i], &store);
    }
    printf("guest_bytes %llu\n", (rollup("Anonymous") - before) / GUESTS);
    printf("vcpu_record %u\n", guests[0]->stride);
    for (unsigned i = 0; i < GUESTS; i++)
        guest_destroy(guests[i]);
}
