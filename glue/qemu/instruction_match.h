/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The instructions that are watched, told apart by their bytes. */
#ifndef INTROCORE_QEMU_INSTRUCTION_MATCH_H
#define INTROCORE_QEMU_INSTRUCTION_MATCH_H

#include <stddef.h>
#include <stdint.h>

#define MAX_INSTRUCTION 15

typedef enum WatchedKind {
    WATCHED_NOT,
    WATCHED_CR,   /* MOV to a control register */
    WATCHED_MSR,  /* WRMSR */
    WATCHED_XCR,  /* XSETBV */
    WATCHED_IDTR, /* LIDT */
    WATCHED_GDTR, /* LGDT */
    WATCHED_FETCH /* any instruction of a page that must not be executed */
} WatchedKind;

/** What is known of a watched instruction when it is translated. As long as a pointer, so that it goes with a callback. */
typedef struct WatchedInstruction {
    uint64_t kind : 4; /* WatchedKind */
    uint64_t length : 4;
    uint64_t control : 4; /* number of the control register, WATCHED_CR */
    uint64_t source : 4;  /* number of the general-purpose register that holds its new value */
    uint64_t place : 48;  /* of the callback's owner: see code_watch.c */
} WatchedInstruction;

/** Recognises an instruction of any mode; kind is WATCHED_NOT for one that is not watched. */
WatchedInstruction instruction_match(const uint8_t *bytes, size_t length);

#endif
