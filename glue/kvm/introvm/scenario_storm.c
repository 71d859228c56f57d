// SPDX-License-Identifier: MIT
// Two vCPUs store to one page as fast as they can, while its hook comes and goes; and to another page, which is guarded all the time,
// what must never land. No store that is allowed may get lost, whichever way it takes.

#include <string.h>

#include "check.h"
#include "hooks.h"
#include "scenarios.h"
#include "vcpu_thread.h"

#define ROUNDS 500u
#define WIDE_ROUNDS 60u
#define FORBIDDEN (GUEST_TARGET + 0x1000)
#define UNTOUCHED 0x5555AAAA5555AAAAull

static uint64_t word_at(const Machine *machine, uint64_t gpa)
{
    uint64_t value;

    memcpy(&value, machine->ram + gpa, sizeof value);
    return value;
}

/** Hooks a page again and again until both vCPUs are through. Returns how often it changed. */
static unsigned toggle_until_done(Machine *machine, uint64_t page, Judge *judge, VcpuThread threads[GUEST_VCPUS])
{
    unsigned changes = 0;

    for (; !atomic_load(&threads[0].is_done) || !atomic_load(&threads[1].is_done); changes += 2) {
        hooks_set(machine, page, 4096, judge);
        sleep_for(1);
        hooks_remove(machine, page);
    }
    for (unsigned i = 0; i < GUEST_VCPUS; i++)
        vcpu_thread_join(&threads[i]);
    return changes;
}

static void start(Machine *machine, VcpuThread threads[GUEST_VCPUS], uint64_t routine, uint64_t rounds)
{
    const uint64_t untouched = UNTOUCHED;

    for (unsigned i = 0; i < GUEST_VCPUS; i++) {
        memcpy(machine->ram + FORBIDDEN + 8 * i, &untouched, sizeof untouched);
        threads[i] = (VcpuThread){.machine = machine, .vcpu = i, .routine = routine,
                                  .call = {.rcx = rounds, .rdi = GUEST_TARGET + 8 * i, .rsi = FORBIDDEN + 8 * i}};
        check(vcpu_thread_start(&threads[i]), "vCPU %u storms", i);
    }
}

static void storm(Machine *machine, Judge *shared, Judge *forbidden)
{
    VcpuThread threads[GUEST_VCPUS];
    unsigned changes;

    start(machine, threads, machine->header->routine_storm, ROUNDS);
    changes = toggle_until_done(machine, GUEST_TARGET, shared, threads);
    for (unsigned i = 0; i < GUEST_VCPUS; i++) {
        check(threads[i].ending == ENDING_READY && threads[i].call.rax == 0 && word_at(machine, GUEST_TARGET + 8 * i) == 1,
              "vCPU %u: each of %u stores was there when it was read back", i, ROUNDS);
        check(word_at(machine, FORBIDDEN + 8 * i) == UNTOUCHED, "vCPU %u: nothing has landed where it must not", i);
    }
    check(atomic_load(&forbidden->calls) == GUEST_VCPUS * ROUNDS, "each forbidden store was asked about (%u)",
          atomic_load(&forbidden->calls));
    check(atomic_load(&shared->calls) > 0 && changes > 2, "the hook came and went %u times, and was asked %u times", changes,
          atomic_load(&shared->calls));
}

/** Both vCPUs want to be stepped, each with the other one stopped, while the hook of another page comes and goes. */
static void wide_storm(Machine *machine, Judge *shared)
{
    static Judge other;
    VcpuThread threads[GUEST_VCPUS];

    hooks_set(machine, GUEST_TARGET, 4096, shared);
    start(machine, threads, machine->header->routine_wide_storm, WIDE_ROUNDS);
    toggle_until_done(machine, GUEST_PLAIN, &other, threads);
    for (unsigned i = 0; i < GUEST_VCPUS; i++)
        check(threads[i].ending == ENDING_READY && threads[i].call.rax == 0 && word_at(machine, GUEST_TARGET + 8 * i) == 1,
              "vCPU %u: each of %u stores that have to be stepped was there", i, WIDE_ROUNDS);
}

void scenario_storm(void)
{
    static Judge shared, forbidden;
    IntroKvmStatistics statistics;
    Machine machine;

    if (!hooks_required())
        return;
    hooks_clear(&shared, introGuestAllowed);
    hooks_clear(&forbidden, introGuestNotAllowed);
    if (machine_create(&machine, GUEST_VCPUS, 0, 0) && check(introkvm_start(machine.guest) == 0, "protection starts") &&
        hooks_set(&machine, FORBIDDEN, 4096, &forbidden)) {
        storm(&machine, &shared, &forbidden);
        wide_storm(&machine, &shared);
        introkvm_statistics(machine.guest, &statistics, sizeof statistics);
        check_note("%llu stops, %llu slot changes, %llu late stores, %llu steps", (unsigned long long)statistics.stops,
                   (unsigned long long)statistics.slot_changes, (unsigned long long)statistics.late_stores,
                   (unsigned long long)statistics.steps);
    }
    machine_destroy(&machine);
}
