// SPDX-License-Identifier: MIT
// Every form of instruction that stores: by the processor on a page that nobody guards, and on a guarded one, allowed and denied. Allowed,
// the page and the registers are to be as the processor left them; denied, the page is to be as it was.

#include <string.h>

#include "check.h"
#include "forms.h"
#include "hooks.h"
#include "scenarios.h"

#define PAGE 0x1000u
#define ALIGNED 0x100u
#define UNALIGNED 0x9F3u

/** What became of a page and of registers. */
typedef struct Outcome {
    Ending ending;
    Call call;
    uint8_t page[PAGE];
} Outcome;

/** The same bytes each time, none of them like what a form stores. */
static void fill(uint8_t *page)
{
    for (unsigned i = 0; i < PAGE; i++)
        page[i] = (uint8_t)(i * 37 + 11);
}

static Outcome run_form(Machine *machine, const Form *form, uint64_t page, uint64_t offset)
{
    Outcome outcome = {.call = {.rax = 0x1122334455667788, .rbx = 0x99AABBCCDDEEFF00, .rcx = 5, .rdx = 0x4A, .rsi = GUEST_ROW,
                                .rdi = page + offset}};

    fill(machine->ram + page);
    for (unsigned i = 0; i < 64; i++)
        machine->ram[GUEST_ROW + i] = (uint8_t)(0xC3 ^ i);
    outcome.ending = machine_call(machine, 0, form->code, &outcome.call);
    memcpy(outcome.page, machine->ram + page, PAGE);
    outcome.call.rdi -= page;
    return outcome;
}

static bool is_same(const Outcome *a, const Outcome *b)
{
    return a->ending == b->ending && memcmp(a->page, b->page, PAGE) == 0 && memcmp(&a->call, &b->call, sizeof a->call) == 0;
}

static void describe(const Outcome *expected, const Outcome *found)
{
    unsigned first = 0;

    while (first < PAGE && expected->page[first] == found->page[first])
        first++;
    if (first < PAGE)
        check_note("at 0x%x: 0x%02x instead of 0x%02x", first, found->page[first], expected->page[first]);
    check_note("%s instead of %s; flags 0x%llx instead of 0x%llx, rax 0x%llx instead of 0x%llx", ending_name(found->ending),
               ending_name(expected->ending), (unsigned long long)found->call.flags, (unsigned long long)expected->call.flags,
               (unsigned long long)found->call.rax, (unsigned long long)expected->call.rax);
}

/** False: the guest cannot be used any more. */
static bool compare(Machine *machine, const Form *form, uint64_t offset, Judge *judge)
{
    const char *name = form_name(machine, form);
    static Outcome native, allowed, denied, before;
    bool is_good;

    native = run_form(machine, form, GUEST_PLAIN, offset);
    if (native.ending != ENDING_READY) {
        check_skip("%s: not even unguarded: %s", name, ending_name(native.ending));
        return false;
    }
    hooks_clear(judge, introGuestAllowed);
    allowed = run_form(machine, form, GUEST_TARGET, offset);
    is_good = is_same(&native, &allowed) && atomic_load(&judge->calls) > 0;
    if (!is_good) {
        check_note("allowed, %u calls", atomic_load(&judge->calls));
        describe(&native, &allowed);
    }
    hooks_clear(judge, introGuestNotAllowed);
    denied = run_form(machine, form, GUEST_TARGET, offset);
    fill(before.page);
    before.call = native.call;
    if (!is_same(&before, &denied) || atomic_load(&judge->calls) != (strstr(name, "rep") == name ? 5u : 1u)) {
        check_note("denied, %u calls", atomic_load(&judge->calls));
        describe(&before, &denied);
        is_good = false;
    }
    return check(is_good, "%s at 0x%llx: as the processor where allowed, nothing where denied", name, (unsigned long long)offset) ||
           denied.ending == ENDING_READY;
}

void scenario_stores(void)
{
    IntroKvmStatistics statistics;
    static Judge judge;
    Machine machine;

    if (!hooks_required())
        return;
    if (machine_create(&machine, 1, 0, 0) && check(introkvm_start(machine.guest) == 0, "protection starts") &&
        hooks_set(&machine, GUEST_TARGET, PAGE, &judge)) {
        for (const Form *form = forms_of(&machine); form->code; form++)
            if (!form_is_possible(&machine, form))
                check_skip("%s: this processor has none", form_name(&machine, form));
            else if (!compare(&machine, form, ALIGNED, &judge) ||
                     (!(form->flags & FORM_ALIGNED) && !compare(&machine, form, UNALIGNED, &judge)))
                break;
        introkvm_statistics(machine.guest, &statistics, sizeof statistics);
        check_note("%llu stores told, %llu denied, %llu instructions stepped, %llu stuck", (unsigned long long)statistics.stores,
                   (unsigned long long)statistics.stores_denied, (unsigned long long)statistics.steps,
                   (unsigned long long)statistics.stuck);
    }
    machine_destroy(&machine);
}
