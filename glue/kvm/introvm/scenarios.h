/* SPDX-License-Identifier: MIT */
/** The scenarios, each with a machine of its own. */
#ifndef INTROVM_SCENARIOS_H
#define INTROVM_SCENARIOS_H

/** F(name, what it does) in the order in which they are run. */
#define SCENARIOS(F)                                                                                                      \
    F(stores, "every form of instruction that stores, allowed and denied, compared with the processor")

#define SCENARIO_FUNCTION(name, text) void scenario_##name(void);
SCENARIOS(SCENARIO_FUNCTION)
#undef SCENARIO_FUNCTION

#endif
