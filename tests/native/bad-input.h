/* SPDX-License-Identifier: MIT */
/**
 * bad-input.h - the groups of bad-input.c.
 */
#ifndef BAD_INPUT_H
#define BAD_INPUT_H

#include "groups.h"

#define BAD_INPUT_GROUPS(X)                                                                                              \
    X("init", bad_init, false)                                                                                           \
    X("handlers", bad_handlers, true)                                                                                    \
    X("configure", bad_configure, true)                                                                                  \
    X("declare", bad_declare, true)                                                                                      \
    X("records", bad_records, true)                                                                                      \
    X("device", bad_device, true)                                                                                        \
    X("exit-data", bad_exit_data, true)                                                                                  \
    X("control", bad_control, true)                                                                                      \
    X("slots", bad_slots, true)                                                                                          \
    X("memory", bad_memory, true)                                                                                        \
    X("pointer", bad_pointer, true)                                                                                      \
    X("answers", bad_answers, true)

#define BAD_INPUT_DECLARE(name, function, initialised) void function(void);
BAD_INPUT_GROUPS(BAD_INPUT_DECLARE)
#undef BAD_INPUT_DECLARE

/** Proves that the guest is protected still, lets it go and frees it. */
void bad_finish(struct guest *guest);

/** Checks a call of which nothing may have come: the action is untouched, or Allowed as the reference sets it first. */
void bad_action(INTRO_ACTION action, const char *name);

#define UNTOUCHED ((INTRO_ACTION)0x7777)

/** A handle that was never given to the engine, and is none of the fake's. */
#define NO_HANDLE ((void *)(uintptr_t)0x1234567890ull)

#endif /* BAD_INPUT_H */
