/* SPDX-License-Identifier: MIT */
/* Changes of options, power states and the debugger's commands, while a guest is protected. */
#include "drive.h"

#include <pthread.h>
#include <string.h>

static void options_are(struct guest *guest, QWORD expected, const char *name)
{
    QWORD options = 0x5A5A;
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetCurrentIntroOptions(guest, &options), "GetCurrentIntroOptions");
    CHECK_EQ(expected, options, name);
}

/* ---- options ------------------------------------------------------------------------------------------------------ */

static atomic_bool storing;
static atomic_uint stores, odd;

/* A vCPU that stores to a gate all the time. */
static void *storm(void *argument)
{
    struct guest *guest = argument;
    QWORD value = 0x5708;
    while (atomic_load(&storing)) {
        struct store store = drive_gate_store(guest, 1, 4, &value);
        struct outcome outcome = guest_store(guest, &store);
        atomic_fetch_add(&stores, 1);
        if (!INT_SUCCESS(outcome.status) || (outcome.action != introGuestNotAllowed && outcome.action != introGuestAllowed))
            atomic_fetch_add(&odd, 1);
    }
    return NULL;
}

static INTSTATUS inside_status;
static QWORD inside_options;

static void change_inside(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    inside_status = glue.ModifyDynamicOptions(guest, inside_options);
}

void drive_reconfigure(void)
{
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    QWORD value = 0xC4A26E;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    drive_blocked(guest, &store, "it is protected");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.ModifyDynamicOptions(guest, 0), "the option is taken back");
    options_are(guest, 0, "no option is in force");
    CHECK_EQ(7, guest->rights[GPA_IDT >> 12], "the table may be written again");
    drive_allowed(guest, &store, "and is written");

    CHECK_STATUS(INT_STATUS_SUCCESS, glue.ModifyDynamicOptions(guest, OPTION_IDT), "the option is given again");
    options_are(guest, OPTION_IDT, "it is in force");
    value = 0xC4A26F;
    drive_blocked(guest, &store, "the table is protected again");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.ModifyDynamicOptions(guest, OPTION_LOG_ONLY), "log-only from now on");
    unsigned alerts = guest->alert_count;
    CHECK_EQ(introGuestAllowed, guest_store(guest, &store).action, "a store is let through");
    CHECK_EQ(alerts + 1, guest->alert_count, "with an alert");
    host_log_clear();
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.ModifyDynamicOptions(guest, OPTION_IDT | 1ull << 63), "an option that is not built");
    options_are(guest, OPTION_IDT, "is left out");
    CHECK(host_log_has("ption"), "and the log says so");

    /* From within an alert of the guest. */
    guest->on_alert = change_inside;
    inside_options = 0;
    value = 0xC4A270;
    drive_blocked(guest, &store, "a store whose alert takes the option back");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside_status, "options can be changed from within an alert");
    guest->on_alert = NULL;
    drive_allowed(guest, &store, "the next store happens");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.ModifyDynamicOptions(guest, OPTION_IDT), "and the option is given again");

    /* While another vCPU stores. */
    pthread_t thread;
    atomic_store(&storing, true);
    pthread_create(&thread, NULL, storm, guest);
    for (int i = 0; i < 100 || (atomic_load(&stores) < 200 && i < 100000); i++) {
        if (glue.ModifyDynamicOptions(guest, i % 2 == 0 ? 0 : OPTION_IDT) != INT_STATUS_SUCCESS)
            atomic_fetch_add(&odd, 1);
    }
    atomic_store(&storing, false);
    pthread_join(thread, NULL);
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.ModifyDynamicOptions(guest, OPTION_IDT), "the option is given at the end");
    CHECK_EQ(0, odd, "every change and every store in a storm came out as one or the other");
    CHECK(stores > 100, "there was a storm");
    value = 0xC4A271;
    /* The storm may have used up what alerts a guest may cause: the verdict is the same without one. */
    CHECK_EQ(introGuestNotAllowed, guest_store(guest, &store).action, "and the table is protected at its end");
    drive_finish(guest);
    guest = guest_create(1);
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.ModifyDynamicOptions(guest, OPTION_IDT), "a guest that was never taken");
    guest_destroy(guest);
}

/* ---- power -------------------------------------------------------------------------------------------------------- */

void drive_power(void)
{
    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    QWORD value = 0x5133;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, glue.NotifyGuestPowerStateChange(guest, intGuestPowerStateResume), "it runs already");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.NotifyGuestPowerStateChange(guest, intGuestPowerStateSleep), "it goes to sleep");
    drive_blocked(guest, &store, "a vCPU that still runs is judged, and nobody is held up");
    CHECK_STATUS(INT_STATUS_POWER_STATE_BLOCK, glue.ModifyDynamicOptions(guest, 0), "options do not change in its sleep");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntHandleTimer(guest), "the timer passes");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.NotifyGuestPowerStateChange(guest, intGuestPowerStateResume), "it wakes up");
    drive_blocked(guest, &store, "it is protected still");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.ModifyDynamicOptions(guest, 0), "and options change");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.ModifyDynamicOptions(guest, OPTION_IDT), "back again");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.NotifyGuestPowerStateChange(guest, intGuestPowerStateShutDown), "it shuts down");
    drive_blocked(guest, &store, "and is protected to the last");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntHandleTimer(guest), "the timer passes");
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, glue.NotifyGuestPowerStateChange(guest, intGuestPowerStateResume), "there is no way back but a reset");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntGuestReset(guest), "a reset");
    drive_blocked(guest, &store, "it is protected");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.NotifyGuestPowerStateChange(guest, intGuestPowerStateSleep), "it goes to sleep again");
    drive_finish(guest);
}

/* ---- the debugger ------------------------------------------------------------------------------------------------- */

static INTSTATUS command(struct guest *guest, const char *first, const char *second)
{
    CHAR one[64], two[64];
    strcpy(one, first);
    strcpy(two, second != NULL ? second : "");
    CHAR *words[] = {one, two};
    return glue.DebugProcessCommand(guest, 0, second != NULL ? 2 : 1, words);
}

void drive_debugger(void)
{
    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    host_log_clear();
    CHECK_STATUS(INT_STATUS_NOT_SUPPORTED, command(guest, "!curproc", NULL), "the current process is not known");
    CHECK(host_log_has("not known"), "and the log says so");
    guest->cpus[0].regs.Rip = RIP_KERNEL(CODE_MOV8);
    guest->cpus[0].regs.R15 = 0xFEEDC0DEull;
    host_log_clear();
    CHECK_STATUS(INT_STATUS_SUCCESS, command(guest, "!regs", NULL), "code and registers");
    CHECK(host_log_has("48 89 37  mov") && host_log_has("r15 feedc0de"), "are in the log");
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, command(guest, "!regs", NULL), "not twice in a second");
    CHECK_STATUS(INT_STATUS_NOT_SUPPORTED, command(guest, "!testcrhookset", "3"), "no exits of control registers here");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, command(guest, "!testcrhookset", "9"), "no such control register");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, command(guest, "!testcrhookset", NULL), "no number");
    CHECK_STATUS(INT_STATUS_SUCCESS, command(guest, "!testcrhookremove", NULL), "nothing to remove");
    drive_finish(guest);
}
