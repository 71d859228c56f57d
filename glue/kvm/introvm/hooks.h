/* SPDX-License-Identifier: MIT */
/** The engine's own functions that scenarios call: hooks on any page, with a verdict of the scenario's choice, which the library's
 *  variant for tests has, and queries. */
#ifndef INTROVM_HOOKS_H
#define INTROVM_HOOKS_H

#include "machine.h"

/** One hook: what it answers, and what it was asked. */
typedef struct Judge {
    _Atomic INTRO_ACTION action;
    atomic_uint calls;
    atomic_uint bytes; /* of all calls together */
    _Atomic uint64_t gpa; /* of the last one */
    atomic_uint size, vcpu;
    uint8_t data[64];
    void (*also)(void *context); /* called before it answers; may be null */
    void *context;
} Judge;

/** Finds the functions. False: the library has none. */
bool hooks_load(const char *library);

/** Whether they are there; says that the rest of the scenario is skipped otherwise. */
bool hooks_required(void);

/** Hooks stores to [gpa, gpa + length), within one page. The judge lives until machine_destroy. */
bool hooks_set(Machine *machine, uint64_t gpa, uint32_t length, Judge *judge);
bool hooks_remove(Machine *machine, uint64_t gpa);

/** What the engine answers to a query about the guest; "" if it fails. Valid until the next one. */
const char *engine_answer(Machine *machine, const char *topic);

/** Forgets what a judge was asked. */
void hooks_clear(Judge *judge, INTRO_ACTION action);

#endif
