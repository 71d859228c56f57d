/* SPDX-License-Identifier: MIT */
/**
 * worst.h - the most expensive exit that a guest can provoke. Everything that the guest, or a processor on its behalf, chooses of
 * an exit comes from 64 bytes: instruction, registers, mode, address, kind of access, glue. mode_worst looks for the bytes whose exit
 * takes longest; the case `worst` replays those that were found so far.
 */
#ifndef BENCH_WORST_H
#define BENCH_WORST_H

#include <stdbool.h>
#include <stdint.h>

#define WORST_BYTES 64

/** One exit. */
struct worst_input {
    uint8_t byte[WORST_BYTES];
};

/** The input that cost most when it was last looked for: what mode_worst printed. */
extern const char worst_known[2 * WORST_BYTES + 1];

/** Makes the guests that inputs are tried on. */
void worst_prepare(void);

/** Reads an input from its hexadecimal digits. */
bool worst_parse(const char *digits, struct worst_input *input);

/** Writes code, registers and memory of an input; what an exit before has changed is put back. */
void worst_arrange(const struct worst_input *input);

/** The exit that was arranged; any number of times. */
void worst_exit(void);

#endif /* BENCH_WORST_H */
