// SPDX-License-Identifier: MIT
// A guarded page that holds page tables. With shadow paging KVM walks them itself, and their stores are judged as others are. With nested
// paging the processor's walks store to them, too: the glue says that it cannot guard them, and if that is asked for all the same, the
// guest has to get on.

#include <string.h>

#include "check.h"
#include "hooks.h"
#include "scenarios.h"

#define ENTRY_ACCESSED 0x20ull

static uint64_t entry(const Machine *machine, unsigned page)
{
    uint64_t value;

    memcpy(&value, machine->ram + machine->header->tested_entries + 8 * page, sizeof value);
    return value;
}

static uint64_t linear(unsigned page)
{
    return GUEST_TESTED_LINEAR + 0x1000 * page;
}

/** Each page says which one it is. */
static void number_pages(Machine *machine)
{
    for (uint64_t page = 0; page < GUEST_TESTED_PAGES; page++)
        memcpy(machine->ram + GUEST_TESTED + 0x1000 * page, &page, sizeof page);
    memcpy(machine->ram + GUEST_PLAIN, &(uint64_t){1000}, sizeof(uint64_t));
}

static void use_pages(Machine *machine, bool can_guard)
{
    Call call = {.rcx = GUEST_TESTED_PAGES, .rdi = linear(0)};
    unsigned marked = 0;
    Ending ending = machine_call(machine, 0, machine->header->routine_touch, &call);

    for (unsigned page = 0; page < GUEST_TESTED_PAGES; page++)
        marked += (entry(machine, page) & ENTRY_ACCESSED) != 0;
    // With nested paging KVM may even take the entry's address for that of the data: what is read is not checked.
    check(ending == ENDING_READY && (!can_guard || call.rax == GUEST_TESTED_PAGES * (GUEST_TESTED_PAGES - 1) / 2),
          "the guest gets past %u reads of pages behind guarded entries: %s", GUEST_TESTED_PAGES, ending_name(ending));
    check_note("the sum is %llu; %u of the entries are marked as accessed", (unsigned long long)call.rax, marked);
    call = (Call){.rax = 77, .rdi = linear(2) + 8};
    ending = machine_call(machine, 0, machine->header->routine_store, &call);
    check(ending == ENDING_READY && machine->ram[GUEST_TESTED + 0x2008] == 77, "and past a store to one: %s", ending_name(ending));
}

/** The guest changes an entry, and reads what is behind it. */
static void remap(Machine *machine, Judge *judge, unsigned page, INTRO_ACTION action)
{
    uint64_t before = entry(machine, page), wanted = GUEST_PLAIN | 0x67;
    Call call = {.rax = wanted, .rdi = machine->header->tested_entries + 8 * page, .rsi = linear(page)};
    Call load = {.rdi = linear(page)};
    uint64_t given = 0;
    Ending ending;

    hooks_clear(judge, action);
    ending = machine_call(machine, 0, machine->header->routine_map, &call);
    memcpy(&given, judge->data, sizeof given);
    check(ending == ENDING_READY && atomic_load(&judge->calls) == 1 && atomic_load(&judge->size) == 8 && given == wanted &&
              (entry(machine, page) & ~0x60ull) == ((action == introGuestAllowed ? wanted : before) & ~0x60ull),
          "a store to an entry is told, and %s", action == introGuestAllowed ? "lands where allowed" : "does not land where denied");
    ending = machine_call(machine, 0, machine->header->routine_load, &load);
    check(ending == ENDING_READY && load.rax == (action == introGuestAllowed ? 1000 : page),
          "the guest then sees %s page: %llu", action == introGuestAllowed ? "the other" : "the same", (unsigned long long)load.rax);
}

/** An exception whose frame lies in a guarded page: KVM neither tells of such a store nor completes it. */
static void fault_on_guarded_stack(Machine *machine)
{
    static Judge judge;
    Call call = {.rax = GUEST_TARGET + 0x800, .rdi = 0};
    uint64_t exceptions = *machine_box(machine, 0, BOX_EXCEPTIONS);
    Ending ending;

    hooks_clear(&judge, introGuestAllowed);
    if (!hooks_set(machine, GUEST_TARGET, 4096, &judge))
        return;
    machine_call(machine, 0, machine->header->routine_user_entry_stack, &call);
    call = (Call){.rbx = machine->header->routine_user_cli};
    ending = machine_call(machine, 0, machine->header->routine_user, &call);
    check(ending == ENDING_READY && *machine_box(machine, 0, BOX_EXCEPTIONS) == exceptions + 1 &&
              *machine_box(machine, 0, BOX_VECTOR) == 13 && atomic_load(&judge.calls) > 0,
          "an exception whose frame lies in a guarded page is delivered: %s", ending_name(ending));
    hooks_remove(machine, GUEST_TARGET);
}

void scenario_paging(void)
{
    static Judge judge;
    IntroKvmStatistics statistics;
    Machine machine;

    if (!hooks_required())
        return;
    if (machine_create(&machine, 1, 0, 0) && check(introkvm_start(machine.guest) == 0, "protection starts")) {
        bool can_guard = introkvm_capabilities(machine.guest) & INTROKVM_PAGE_TABLE_WRITES;

        check(strstr(engine_answer(&machine, "capabilities"), can_guard ? "\"pageTableRights\":true" : "\"pageTableRights\":false"),
              "the engine knows that page tables can%s be guarded here", can_guard ? "" : "not");
        number_pages(&machine);
        hooks_clear(&judge, introGuestAllowed);
        if (hooks_set(&machine, machine.header->tested_entries, 4096, &judge)) {
            use_pages(&machine, can_guard);
            if (can_guard) {
                remap(&machine, &judge, 5, introGuestAllowed);
                remap(&machine, &judge, 6, introGuestNotAllowed);
            } else {
                check_skip("stores to a page table: nested paging");
            }
            hooks_remove(&machine, machine.header->tested_entries);
        }
        fault_on_guarded_stack(&machine);
        introkvm_statistics(machine.guest, &statistics, sizeof statistics);
        check_note("%llu instructions stepped since KVM could not emulate them, %llu since it did not get past",
                   (unsigned long long)statistics.steps, (unsigned long long)statistics.stuck);
    }
    machine_destroy(&machine);
}
