/* SPDX-License-Identifier: MIT */
/**
 * event.h - stores of a guest, told to the engine as a glue does it.
 */
#ifndef BENCH_EVENT_H
#define BENCH_EVENT_H

#include "host.h"

/** A store of 8 bytes by the instruction at an offset of the code page. */
struct store {
    unsigned vcpu;
    unsigned code;
    QWORD gpa;
    QWORD value;
};

/** Puts the registers that the store is made with where the glue has them. */
void store_prepare(struct guest *guest, const struct store *store);

/** One exit: pushes what the glue of this guest pushes, and calls the handler. */
INTRO_ACTION store_exit(struct guest *guest, const struct store *store);

/** Pushes what fetching an instruction of vCPU 0 needs: RIP, the mode, control registers. */
void registers_push(const struct guest *guest, QWORD rip, VCPU_STATE *record);

#endif /* BENCH_EVENT_H */
