/* SPDX-License-Identifier: MIT */
/**
 * groups.h - a program of groups of checks, one group a process:
 *
 *     PROGRAM GROUP LIBRARY [FILE] 3>report      PROGRAM --list 3>names
 *
 * Exit code 0: all held. 1: some did not. 2: wrong arguments. The report is check.h's.
 */
#ifndef GROUPS_H
#define GROUPS_H

#include "check.h"
#include "fake-hypervisor.h"

struct group {
    const char *name;
    void (*run)(void);
    bool initialised; /* the library is loaded and the engine initialised before, and released after it */
};

/** What main does. Besides what a group itself checks, the engine must have kept to the rules of the boundary. */
int groups_main(const struct group *groups, size_t group_count, int count, char **arguments);

/** The path of a file that a group reads; NULL if none was given. */
extern const char *group_file;

/** The path of the library. */
extern const char *group_library;

/** Loads the library; false after a failed check. For groups that are not initialised. */
bool group_load(void);

/** A guest under protection, with default behaviour; NULL after a failed check. */
struct guest *group_start(unsigned cpu_count, QWORD options);

#endif /* GROUPS_H */
