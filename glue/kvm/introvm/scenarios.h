/* SPDX-License-Identifier: MIT */
/** The scenarios, each with a machine of its own. */
#ifndef INTROVM_SCENARIOS_H
#define INTROVM_SCENARIOS_H

/** F(name, what it does) in the order in which they are run. */
#define SCENARIOS(F)                                                                                                      \
    F(stores, "every form of instruction that stores, allowed and denied, compared with the processor")                   \
    F(repeats, "REP STOS and REP MOVS across pages that are guarded and not, stores that cross pages")                    \
    F(table, "the guest's interrupt table, attacked by its kernel and by user code")                                      \
    F(msrs, "writes to model-specific registers")                                                                         \
    F(injection, "exceptions for the guest, seen by its handlers")                                                        \
    F(registers, "what the engine is told about vCPUs, running and stopped, and changes")                                 \
    F(storm, "two vCPUs store to one page while its hook comes and goes")                                                 \
    F(paging, "a page table that is guarded")                                                                             \
    F(life, "protection that starts, stops and starts over, devices' stores, memory that comes and goes")                 \
    F(timer, "what KVM does not trap, seen by the timer")

#define SCENARIO_FUNCTION(name, text) void scenario_##name(void);
SCENARIOS(SCENARIO_FUNCTION)
#undef SCENARIO_FUNCTION

#endif
