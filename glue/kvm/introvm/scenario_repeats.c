// SPDX-License-Identifier: MIT
// Stores that reach over several pages: repeated ones, and one that crosses the border of two.

#include <string.h>

#include "check.h"
#include "hooks.h"
#include "scenarios.h"

#define PAGE 0x1000u
#define PAGES 8u
#define VALUE 0x0123456789ABCDEFull
#define BEFORE 0x5A

/** Pages of the row that are guarded, one bit each. */
#define GUARDED 0x0Au

static uint8_t *row(const Machine *machine)
{
    return machine->ram + GUEST_ROW;
}

/** Whether [from, to) of the row holds the value where it should, and what was there before elsewhere. */
static bool is_filled(const Machine *machine, unsigned from, unsigned to, unsigned pages)
{
    for (unsigned at = 0; at < PAGES * PAGE; at += 8) {
        bool is_written = at >= from && at < to && (pages >> (at / PAGE) & 1);
        uint64_t expected, found;

        memset(&expected, BEFORE, sizeof expected);
        memcpy(&found, row(machine) + at, sizeof found);
        if (found != (is_written ? VALUE : expected)) {
            check_note("at 0x%x of the row: 0x%llx", at, (unsigned long long)found);
            return false;
        }
    }
    return true;
}

static void repeat(Machine *machine, Judge *judge, bool moves, INTRO_ACTION action)
{
    const unsigned from = 0xF80, to = 3 * PAGE + 0x80, count = (to - from) / 8, guarded = (PAGE + 0x80) / 8;
    Call call = {.rax = VALUE, .rcx = count, .rdi = GUEST_ROW + from, .rsi = 0x400000};
    uint64_t value = VALUE;
    Ending ending;

    memset(row(machine), BEFORE, PAGES * PAGE);
    for (unsigned i = 0; moves && i < count; i++)
        memcpy(machine->ram + call.rsi + 8 * i, &value, sizeof value);
    hooks_clear(judge, action);
    ending = machine_call(machine, 0, moves ? machine->header->routine_repeat_movs : machine->header->routine_repeat_stos, &call);
    check(ending == ENDING_READY && call.rcx == 0 && call.rdi == GUEST_ROW + to && atomic_load(&judge->calls) == guarded &&
              is_filled(machine, from, to, action == introGuestAllowed ? 0xFF : 0xFF & ~GUARDED),
          "REP %s over four pages, two of them guarded, %s: each of %u stores asked about (%u were)", moves ? "MOVS" : "STOS",
          action == introGuestAllowed ? "allowed" : "denied", guarded, atomic_load(&judge->calls));
}

/** A store of 8 bytes, three of them on the first page of two. Bits of pages: which of the two are to be written. */
static void cross(Machine *machine, Judge *judge, unsigned first_page, unsigned pages, unsigned calls, const char *text)
{
    const unsigned at = (first_page + 1) * PAGE - 3;
    Call call = {.rax = VALUE, .rdi = GUEST_ROW + at};
    uint8_t expected[8];
    Ending ending;

    memset(row(machine), BEFORE, PAGES * PAGE);
    memset(expected, BEFORE, sizeof expected);
    for (unsigned i = 0; i < 8; i++)
        if (pages >> (i >= 3) & 1)
            expected[i] = (uint8_t)(VALUE >> 8 * i);
    atomic_store(&judge->calls, 0);
    ending = machine_call(machine, 0, machine->header->routine_store, &call);
    check(ending == ENDING_READY && memcmp(row(machine) + at, expected, sizeof expected) == 0 && atomic_load(&judge->calls) == calls,
          "a store across two pages, %s", text);
}

void scenario_repeats(void)
{
    static Judge judge;
    Machine machine;
    bool is_up;

    if (!hooks_required())
        return;
    is_up = machine_create(&machine, 1, 0, 0) && check(introkvm_start(machine.guest) == 0, "protection starts");
    for (unsigned page = 0; page < PAGES && is_up; page++)
        if (GUARDED >> page & 1)
            is_up = hooks_set(&machine, GUEST_ROW + page * PAGE, PAGE, &judge);
    if (is_up) {
        repeat(&machine, &judge, false, introGuestAllowed);
        repeat(&machine, &judge, false, introGuestNotAllowed);
        repeat(&machine, &judge, true, introGuestAllowed);
        hooks_set(&machine, GUEST_ROW + 4 * PAGE, PAGE, &judge);

        atomic_store(&judge.action, introGuestAllowed);
        cross(&machine, &judge, 0, 3, 1, "the second guarded, allowed: all of it lands");
        cross(&machine, &judge, 1, 3, 1, "the first guarded, allowed: all of it lands");
        cross(&machine, &judge, 3, 3, 2, "both guarded, allowed: all of it lands");
        atomic_store(&judge.action, introGuestNotAllowed);
        cross(&machine, &judge, 0, 1, 1, "the second guarded, denied: that part does not land");
        cross(&machine, &judge, 1, 2, 1, "the first guarded, denied: that part does not land");
        cross(&machine, &judge, 3, 0, 1, "both guarded, denied: nothing lands, and the second part is not asked about");
    }
    machine_destroy(&machine);
}
