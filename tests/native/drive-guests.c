/* SPDX-License-Identifier: MIT */
/* Several guests, and very many of them. */
#include "drive.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void drive_two_guests(void)
{
    struct guest *first = group_start(1, OPTION_IDT);
    struct guest *second = group_start(2, OPTION_LOG_ONLY);
    struct guest *third = group_start(1, 0);
    if (first == NULL || second == NULL || third == NULL)
        return;
    CHECK(first->records != second->records && first->records != NULL, "each guest has records of its own");
    QWORD value = 0x2222, options = 0;
    struct store store = drive_gate_store(first, 0, 14, &value);
    drive_blocked(first, &store, "the first guest blocks");
    CHECK_EQ(0, second->alert_count, "the second hears nothing of it");

    store = drive_gate_store(second, 1, 14, &value);
    struct outcome outcome = guest_store(second, &store);
    CHECK_EQ(introGuestAllowed, outcome.action, "the second guest is log-only");
    CHECK_EQ(1, second->alert_count, "and alerts");
    CHECK_EQ(1, first->alert_count, "the first hears nothing of that");
    store = drive_gate_store(third, 0, 14, &value);
    drive_allowed(third, &store, "the third guest guards nothing");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetCurrentIntroOptions(second, &options), "options of the second guest");
    CHECK_EQ(OPTION_LOG_ONLY, options, "are its own");

    INTRO_ACTION action = introGuestRetry;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_5,
                 lib.IntHandleEptViolation(first, GPA_DATA, 0, GLA_IDT, 1, &action, IG_EPT_HOOK_WRITE),
                 "a vCPU number of the second guest is none of the first");
    CHECK_EQ(0, guest_record(second, 1)->PushedMask, "the records do not mix");
    CHECK_EQ(0, guest_record(second, 0)->EventId, "a vCPU without exits has counted none");

    drive_finish(second);
    store = drive_gate_store(first, 0, 15, &value);
    drive_blocked(first, &store, "the first guest goes on without the second");
    CHECK_EQ(0, first->counts[COUNT_DEACTIVATED], "and was not let go");
    drive_finish(third);
    drive_finish(first);
}

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = -1;
    if (file != NULL)
        fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* The managed heap grows up to its budget, is collected, and grows again: what counts is that no peak is
   above the first by more than a kilobyte for each guest between them. */
#define GUESTS 6000
#define PERIOD 2000
#define GROWTH_KIB 4096

void drive_thousand_guests(void)
{
    long peaks[GUESTS / PERIOD] = {0};
    unsigned good = 0;
    for (unsigned i = 0; i < GUESTS; i++) {
        struct guest *guest = guest_create(1 + i % GUEST_MAX_CPUS);
        guest->declare = i % 2 == 0;
        bool fine = guest_start(guest, i % 3 == 0 ? OPTION_LOG_ONLY : OPTION_IDT) == INT_STATUS_SUCCESS;
        fine = fine && guest_store8(guest, 0, GATE_GLA(i % 256), GATE_GPA(i % 256), i).exits == 1;
        fine = fine && guest->alert_count == 1;
        fine = fine && guest_stop(guest) == INT_STATUS_SUCCESS && guest_is_free(guest) && guest_mapped(guest) == 0;
        good += fine;
        guest_destroy(guest);
        long resident = i % 50 == 0 ? resident_kib() : 0;
        if (resident > peaks[i / PERIOD])
            peaks[i / PERIOD] = resident;
    }
    CHECK_EQ(GUESTS, good, "thousands of guests came, were protected and went");
    check_note("resident peaks: %ld, %ld, %ld KiB", peaks[0], peaks[1], peaks[2]);
    check(peaks[0] > 0 && peaks[1] < peaks[0] + GROWTH_KIB && peaks[2] < peaks[0] + GROWTH_KIB, "memory stays flat",
          "the peaks of each %d guests are %ld, %ld and %ld KiB", PERIOD, peaks[0], peaks[1], peaks[2]);

    /* Many at once. */
    static struct guest *guests[64];
    unsigned count = sizeof guests / sizeof guests[0], started = 0, blocked = 0;
    for (unsigned i = 0; i < count; i++) {
        guests[i] = guest_create(1);
        started += guest_start(guests[i], OPTION_IDT) == INT_STATUS_SUCCESS;
    }
    for (unsigned i = 0; i < count; i++)
        blocked += guest_store8(guests[i], 0, GATE_GLA(1), GATE_GPA(1), 0x64).action == introGuestNotAllowed;
    CHECK_EQ(count, started, "64 guests at once");
    CHECK_EQ(count, blocked, "all of them protected");
    for (unsigned i = 0; i < count; i++) {
        if (guest_stop(guests[i]) != INT_STATUS_SUCCESS)
            CHECK(false, "one of the guests is let go");
        guest_destroy(guests[i]);
    }
}
