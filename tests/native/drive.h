/* SPDX-License-Identifier: MIT */
/**
 * drive.h - the groups of checks that drive.c runs, one group a process, and what they share.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include "groups.h"

#define OPTION_IDT INTRO_OPT_PROT_KM_IDT
#define OPTION_LOG_ONLY (INTRO_OPT_PROT_KM_IDT | INTRO_OPT_KM_BETA_DETECTIONS)

/** All that a mov needs, and the flags register that alerts show. */
#define PUSH_ALL (VCPU_REG_SUFFICIENT | VCPU_REG_FLAGS)

/** Lets the guest go, checks that nothing of the engine is left in the hypervisor, frees it. */
void drive_finish(struct guest *guest);

/** One store that must be blocked with one more alert; returns that alert, or a zeroed one. */
const EVENT_EPT_VIOLATION *drive_blocked(struct guest *guest, const struct store *store, const char *name);

/** One store that must happen without an alert. */
void drive_allowed(struct guest *guest, const struct store *store, const char *name);

/** A store of 8 bytes to a gate by mov [rdi], rsi, everything pushed. */
struct store drive_gate_store(struct guest *guest, unsigned cpu, unsigned gate, const QWORD *value);

#define DRIVE_GROUPS(X)                                                                                                  \
    /* name, function, initialised */                                                                                    \
    X("lifecycle", drive_lifecycle, false)                                                                               \
    X("tables", drive_tables, false)                                                                                     \
    X("minimal-tables", drive_minimal_tables, false)                                                                     \
    X("process", drive_process, false)                                                                                   \
    X("engine-half", drive_engine_half, true)                                                                            \
    X("options", drive_options, true)                                                                                    \
    X("texts", drive_texts, false)                                                                                       \
    X("guard", drive_guard, true)                                                                                        \
    X("alert", drive_alert, true)                                                                                        \
    X("alert-rings", drive_alert_rings, true)                                                                            \
    X("verdicts", drive_verdicts, true)                                                                                  \
    X("log-only", drive_log_only, true)                                                                                  \
    X("tables-of-guest", drive_tables_of_guest, true)                                                                    \
    X("hostile-code", drive_hostile_code, true)                                                                          \
    X("pushed", drive_pushed, true)                                                                                      \
    X("queried", drive_queried, true)                                                                                    \
    X("no-gla", drive_no_gla, true)                                                                                      \
    X("retired", drive_retired, true)                                                                                    \
    X("declared", drive_declared, true)                                                                                  \
    X("mapped", drive_mapped, true)                                                                                      \
    X("translate", drive_translate, true)                                                                                \
    X("kept-mappings", drive_kept_mappings, true)                                                                        \
    X("broken-mappings", drive_broken_mappings, true)                                                                    \
    X("flush-under-fire", drive_flush_under_fire, true)                                                                  \
    X("declare-rules", drive_declare_rules, true)                                                                        \
    X("pieces", drive_pieces, true)                                                                                      \
    X("instructions", drive_instructions, true)                                                                          \
    X("device", drive_device, true)                                                                                      \
    X("injection", drive_injection, true)                                                                                \
    X("injection-lost", drive_injection_lost, true)                                                                      \
    X("injection-refused", drive_injection_refused, true)                                                                \
    X("injection-unload", drive_injection_unload, true)                                                                  \
    X("disable", drive_disable, true)                                                                                    \
    X("busy", drive_busy, true)                                                                                          \
    X("callbacks", drive_callbacks, true)                                                                                \
    X("threads", drive_threads, true)                                                                                    \
    X("stack", drive_stack, true)                                                                                        \
    X("two-guests", drive_two_guests, true)                                                                              \
    X("thousand-guests", drive_thousand_guests, true)                                                                    \
    X("records", drive_records, true)                                                                                    \
    X("reset", drive_reset, true)                                                                                        \
    X("query", drive_query, true)                                                                                        \
    X("stop", drive_stop, true)                                                                                          \
    X("reconfigure", drive_reconfigure, true)                                                                            \
    X("power", drive_power, true)                                                                                        \
    X("debugger", drive_debugger, true)
#define DRIVE_DECLARE(name, function, initialised) void function(void);
DRIVE_GROUPS(DRIVE_DECLARE)
#undef DRIVE_DECLARE

#endif /* DRIVE_H */
