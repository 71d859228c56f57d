// SPDX-License-Identifier: MIT
// Writes to control registers do not exit on KVM: the engine looks at them on its timer, and tells what has changed.

#include "check.h"
#include "scenarios.h"
#include "vcpu_thread.h"

#define LONGEST 2500u /* milliseconds: the engine looks once a second */
#define POLL 50u

void scenario_timer(void)
{
    IntroKvmStatistics statistics;
    unsigned waited = 0;
    Call call = {.rax = 0};
    Machine machine;

    if (machine_create(&machine, 1, 0, INTRO_GUARD_CR0_WP) && check(introkvm_start(machine.guest) == 0, "protection starts")) {
        Ending ending = machine_call(&machine, 0, machine.header->routine_clear_wp, &call);

        check(ending == ENDING_READY && atomic_load(&machine.alerts.count) == 0, "CR0.WP is cleared: nobody has seen it");
        for (; waited < LONGEST && atomic_load(&machine.alerts.count) == 0; waited += POLL)
            sleep_for(POLL);
        check(atomic_load(&machine.alerts.event_class) == introEventCrViolation &&
                  (atomic_load(&machine.alerts.flags) & ALERT_FLAG_ASYNC) && (machine.alerts.old_value & ~machine.alerts.new_value) == 0x10000,
              "the timer has, after %u ms", waited);
        introkvm_statistics(machine.guest, &statistics, sizeof statistics);
        check(statistics.timer_calls >= 1 && statistics.timer_calls <= 4, "it was called %llu times",
              (unsigned long long)statistics.timer_calls);
    }
    machine_destroy(&machine);
}
