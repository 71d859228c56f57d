/* SPDX-License-Identifier: MIT */
/* Starting over, questions, and the kill switch. */
#include "drive.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static INTSTATUS inside_status;

/* ---- IntGuestReset -------------------------------------------------------------------------------------------------- */

static void reset_inside(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    guest->on_alert = NULL;
    inside_status = lib.IntGuestReset(guest);
}

/* The guest's new kernel has its table elsewhere. */
static void new_kernel(struct guest *guest, QWORD frame)
{
    memcpy(guest->ram + (frame << 12), guest->ram + GPA_IDT, 0x1000);
    for (unsigned cpu = 0; cpu < guest->cpu_count; cpu++)
        guest_set_idt(guest, cpu, GLA_IDT + ((frame - 0x20) << 12), 0xFFF);
}

void drive_reset(void)
{
    struct guest *guest = guest_create(2);
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntGuestReset(guest), "IntGuestReset without an active guest");
    guest->declare = true;
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest is taken under protection"))
        return;
    QWORD value = 0x4E5E7;
    struct store old_table = drive_gate_store(guest, 0, 14, &value), new_table;
    drive_blocked(guest, &old_table, "it is protected");
    void *records = guest->records;

    for (QWORD round = 1; round <= 3; round++) {
        QWORD frame = 0x20 + round;
        new_kernel(guest, frame);
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntGuestReset(guest), "IntGuestReset");
        CHECK_EQ(0, guest->rights[frame] & 2, "the new table is guarded");
        CHECK_EQ(7, guest->rights[frame - 1], "the old one is free");
        CHECK(atomic_load(&guest->ept_handler) != NULL, "a handler is registered");
        new_table = old_table;
        new_table.gla += round << 12, new_table.gpa += round << 12;
        guest->cpus[0].regs.Rdi = new_table.gla;
        const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &new_table, "a store to the new table");
        CHECK_EQ(GLA_IDT + (round << 12), event->HookStartVirtual, "the alert knows the new table");
        guest->cpus[0].regs.Rdi = old_table.gla;
        drive_allowed(guest, &old_table, "a store to the former table");
        memcpy(guest->ram + old_table.gpa, guest->ram + new_table.gpa, 8);
    }
    void *base = NULL;
    DWORD stride, count;
    QWORD options = 0;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntGetVcpuRecords(guest, &base, &stride, &count), "IntGetVcpuRecords after a reset");
    CHECK(base == records, "the records are where they were");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetCurrentIntroOptions(guest, &options), "GetCurrentIntroOptions after a reset");
    CHECK_EQ(OPTION_IDT, options, "the options are the same");

    guest->on_alert = reset_inside;
    CHECK_EQ(introGuestNotAllowed, guest_store(guest, &new_table).action, "an exit whose alert resets");
    CHECK_STATUS(INT_STATUS_CANNOT_UNLOAD, inside_status, "IntGuestReset from within");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntGuestReset(guest), "IntGuestReset again, afterwards");
    guest->cpus[0].regs.Rdi = new_table.gla;
    drive_blocked(guest, &new_table, "and the guest is protected");
    drive_finish(guest);
}

/* ---- IntQueryGuest -------------------------------------------------------------------------------------------------- */

static const char *const topics[] = {"capabilities", "protections", "counters", "vcpus"};

static void one_topic(struct guest *guest, const char *topic)
{
    size_t size = 0;
    CHECK_STATUS(INT_STATUS_DATA_BUFFER_TOO_SMALL, lib.IntQueryGuest(guest, topic, NULL, &size), topic);
    if (!check(size > 2 && size < 65536, topic, "the answer needs %zu bytes", size))
        return;
    char *buffer = malloc(size + 64);
    memset(buffer, 0x7E, size + 64);
    size_t given = size;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntQueryGuest(guest, topic, buffer, &given), topic);
    CHECK_EQ(size, given, topic);
    check(strnlen(buffer, size) == size - 1 && buffer[0] == '{' && buffer[size - 2] == '}', topic, "it is \"%.200s\"", buffer);
    check(buffer[size] == 0x7E, topic, "a byte behind the buffer was written");
    check_note("json %s %s", topic, buffer); /* the test reads it */

    memset(buffer, 0x7E, size + 64);
    given = size - 1;
    CHECK_STATUS(INT_STATUS_DATA_BUFFER_TOO_SMALL, lib.IntQueryGuest(guest, topic, buffer, &given), topic);
    CHECK_EQ(size, given, topic);
    check(buffer[size - 1] == 0x7E, topic, "a byte behind the smaller buffer was written");
    given = size + 60;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntQueryGuest(guest, topic, buffer, &given), topic);
    CHECK_EQ(size, given, topic);
    free(buffer);
}

void drive_query(void)
{
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    QWORD value = 0x9E4;
    struct store store = drive_gate_store(guest, 1, 14, &value);
    drive_blocked(guest, &store, "an exit that is blocked");
    memcpy(&value, guest->ram + store.gpa, 8);
    drive_allowed(guest, &store, "an exit that is allowed");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntHandleTimer(guest), "a timer");
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        one_topic(guest, topics[i]);
    drive_finish(guest);
}

/* ---- IntEmergencyStop ----------------------------------------------------------------------------------------------- */

static struct outcome inside_outcome;

static void stop_inside(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    inside_status = lib.IntEmergencyStop();
    inside_outcome = guest_store8(guest, 1, GATE_GLA(20), GATE_GPA(20), 1);
    host_current_cpu = 0;
}

static void stopped(struct guest *guest, const char *name)
{
    struct outcome outcome = guest_store8(guest, 0, GATE_GLA(5), GATE_GPA(5), 0x570);
    check(outcome.status == INT_STATUS_NOT_INITIALIZED_HINT && outcome.action == introGuestAllowed, name,
          "status 0x%08X, action %d", (unsigned)outcome.status, (int)outcome.action);
}

static void *exits_until_stopped(void *context)
{
    struct guest *guest = context;
    for (;;) {
        INTRO_ACTION action = introGuestRetry;
        INTSTATUS status = lib.IntHandleEptViolation(guest, GPA_DATA, 0, GLA_KERNEL + GPA_DATA, 1, &action, IG_EPT_HOOK_WRITE);
        if (status == INT_STATUS_NOT_INITIALIZED_HINT)
            return action == introGuestAllowed ? context : NULL;
    }
}

void drive_stop(void)
{
    struct guest *first = group_start(2, OPTION_IDT), *second = group_start(1, OPTION_LOG_ONLY);
    if (first == NULL || second == NULL)
        return;
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, exits_until_stopped, first);
    INTSTATUS status;
    unsigned calls = 0;
    do {
        status = lib.IntEmergencyStop();
        calls++;
    } while (status == INT_STATUS_CANNOT_UNLOAD && calls < 1000000);
    CHECK_STATUS(INT_STATUS_SUCCESS, status, "IntEmergencyStop under fire");
    pthread_join(thread, &result);
    CHECK(result != NULL, "the vCPU under fire was told so, and allowed");
    CHECK(guest_is_free(first) && guest_is_free(second), "all rights are given back, of every guest");
    CHECK_EQ(0, guest_mapped(first) + guest_mapped(second), "every mapping was unmapped");
    CHECK_EQ(1, first->counts[COUNT_DEACTIVATED], "the first guest was let go");
    CHECK_EQ(1, second->counts[COUNT_DEACTIVATED], "and the second");
    first->records = second->records = NULL;
    stopped(first, "an exit of the first guest");
    stopped(second, "an exit of the second guest");
    status = glue.NewGuestNotification(first, OPTION_IDT, NULL, 0);
    check(status != INT_STATUS_SUCCESS, "no guest is taken any more", "status 0x%08X", (unsigned)status);
    CHECK_EQ(7, first->rights[GPA_IDT >> 12], "and nothing is guarded");
    stopped(first, "an exit of a guest that was not taken");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "IntUninit after the stop");
    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "IntInit after the stop");
    guest_destroy(second);
    guest_destroy(first);

    first = group_start(2, OPTION_IDT);
    if (first == NULL)
        return;
    first->on_alert = stop_inside;
    guest_store8(first, 0, GATE_GLA(14), GATE_GPA(14), 0x57);
    CHECK_STATUS(INT_STATUS_CANNOT_UNLOAD, inside_status, "IntEmergencyStop from within an alert");
    check(inside_outcome.status == INT_STATUS_NOT_INITIALIZED_HINT && inside_outcome.action == introGuestAllowed,
          "another vCPU is turned away at once", "status 0x%08X, action %d", (unsigned)inside_outcome.status,
          (int)inside_outcome.action);
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntEmergencyStop(), "called again, afterwards");
    CHECK(guest_is_free(first) && guest_mapped(first) == 0, "everything was given back");
    CHECK_EQ(1, first->counts[COUNT_DEACTIVATED], "and said once");
    CHECK(INT_SUCCESS(lib.IntEmergencyStop()), "a stop of what is stopped");
    guest_destroy(first);
    CHECK(INT_SUCCESS(lib.IntUninit()), "IntUninit after the stop");
    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "IntInit after the stop");
    first = group_start(1, OPTION_IDT);
    if (first != NULL) {
        QWORD value = 9;
        struct store store = drive_gate_store(first, 0, 1, &value);
        drive_blocked(first, &store, "the engine is back");
        drive_finish(first);
    }
}
