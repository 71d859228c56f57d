/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The plug-in's arguments. README.md describes them. */
#ifndef INTROCORE_QEMU_ARGUMENTS_H
#define INTROCORE_QEMU_ARGUMENTS_H

#include <stdbool.h>

#include "introcore.h"

typedef struct Arguments {
    const char *library;
    QWORD options;
    QWORD guards;       /* INTRO_GUARD_ bits */
    bool engine_stores; /* allowed stores are performed by the engine */
    unsigned untrapped; /* UNTRAPPED_ bits of register_services.h */
    bool starts;        /* when the first user process runs; or never */
    bool follows_kexec; /* the guards are given up for another kernel, and set again for that one */
    QWORD stress;       /* times that the protection is ended and started again */
    QWORD guard_test;   /* pages to guard and release at the start */
} Arguments;

/** Fills *result. Says what is wrong and returns false for an argument that is unknown, malformed or missing. */
bool arguments_parse(int count, char **arguments, Arguments *result);

#endif
