/* SPDX-License-Identifier: MIT */
/* Calls into the engine from within an alert: what callbacks may and may not do. */
#include "drive.h"

#include <string.h>

/* What the calls from within answered. */
static struct {
    struct guest *other;
    unsigned entered;
    INTSTATUS disable, disable_ignoring, uninit, same_cpu, same_cpu_cr, other_cpu, device, timer, records, options, remove;
    INTRO_ACTION same_action, other_action, device_action;
} inside;

static void call_back(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    if (inside.entered++ > 0)
        return; /* the alerts of the calls below */
    QWORD value = 0x1111, options;
    void *base;
    DWORD stride, count;
    INTRO_ACTION action;
    inside.same_action = introGuestAllowed;
    inside.same_cpu = lib.IntHandleEptViolation(guest, GATE_GPA(1), 0, GATE_GLA(1), 0, &inside.same_action, IG_EPT_HOOK_WRITE);
    inside.same_cpu_cr = lib.IntHandleCrWrite(guest, 4, 0, 0, 1, &action);
    struct store store = drive_gate_store(guest, 1, 2, &value);
    struct outcome outcome = guest_store(guest, &store);
    inside.other_cpu = outcome.status, inside.other_action = outcome.action;
    host_current_cpu = 0;
    inside.device = lib.IntHandleDeviceStore(guest, GATE_GPA(3), 8, &value, &inside.device_action);
    inside.timer = lib.IntHandleTimer(guest);
    inside.records = lib.IntGetVcpuRecords(guest, &base, &stride, &count);
    inside.options = glue.GetCurrentIntroOptions(guest, &options);
    if (inside.other != NULL)
        drive_finish(inside.other);
    struct guest *fresh = group_start(1, OPTION_IDT);
    if (fresh != NULL)
        drive_finish(fresh);
}

static void remove_inside(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    inside.remove = lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE);
}

static void disable_inside(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    inside.disable = glue.DisableIntro(guest, 0);
    inside.disable_ignoring = glue.DisableIntro(guest, IG_DISABLE_IGNORE_SAFENESS);
}

static void uninit_inside(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)guest, (void)event;
    inside.uninit = lib.IntUninit();
}

static void handlers_from_within(void)
{
    memset(&inside, 0, sizeof inside);
    struct guest *guest = guest_create(2);
    guest->on_alert = call_back;
    inside.other = group_start(1, OPTION_IDT);
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest is taken under protection"))
        return;
    QWORD value = 0xCA11;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    struct outcome outcome = guest_store(guest, &store);
    CHECK_STATUS(INT_STATUS_SUCCESS, outcome.status, "an exit whose alert calls back");
    CHECK_EQ(introGuestNotAllowed, outcome.action, "it is blocked");
    CHECK_EQ(3, inside.entered, "the alert arrived, and those of the calls from within it");
    CHECK_STATUS(INT_STATUS_BUSY, inside.same_cpu, "a handler of the same vCPU from within");
    CHECK_EQ(introGuestRetry, inside.same_action, "its action");
    CHECK_STATUS(INT_STATUS_BUSY, inside.same_cpu_cr, "another handler of the same vCPU from within");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.other_cpu, "a handler of another vCPU from within");
    CHECK_EQ(introGuestNotAllowed, inside.other_action, "its action");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.device, "a device's store from within");
    CHECK_EQ(introGuestNotAllowed, inside.device_action, "its action");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.timer, "the timer from within");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.records, "IntGetVcpuRecords from within");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.options, "GetCurrentIntroOptions from within");
    store = drive_gate_store(guest, 0, 15, &value);
    drive_blocked(guest, &store, "the next exit of that vCPU");
    drive_finish(guest);
}

/* BUSY promises that calling again ends in success, also when the guest has been let go in between. */
static void memory_from_within(bool let_go_first, const char *name)
{
    memset(&inside, 0, sizeof inside);
    struct guest *guest = guest_create(1);
    guest->on_alert = remove_inside;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntDeclareGuestMemory(guest, 0, GUEST_RAM_SIZE, guest->ram), "memory is declared");
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest is taken under protection");
    CHECK_EQ(introGuestNotAllowed, guest_store8(guest, 0, GATE_GLA(1), GATE_GPA(1), 2).action, "a store is blocked");
    check(inside.remove == INT_STATUS_BUSY || inside.remove == INT_STATUS_SUCCESS, "IntRemoveGuestMemory from within",
          "status 0x%08X", (unsigned)inside.remove);
    guest->on_alert = NULL;
    if (let_go_first)
        CHECK_STATUS(INT_STATUS_SUCCESS, glue.DisableIntro(guest, 0), "the guest is let go");
    if (inside.remove == INT_STATUS_BUSY)
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE), name);
    if (!let_go_first)
        drive_finish(guest);
    else
        guest_destroy(guest);
}

static void unloading_from_within(alert_hook *hook, bool everything, const char *name)
{
    memset(&inside, 0, sizeof inside);
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    guest->on_alert = hook;
    QWORD value = 0xD15;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    struct outcome outcome = guest_store(guest, &store);
    CHECK_STATUS(INT_STATUS_CANNOT_UNLOAD, everything ? inside.uninit : inside.disable, name);
    if (!everything)
        CHECK_STATUS(INT_STATUS_CANNOT_UNLOAD, inside.disable_ignoring, "safeness ignored");
    CHECK_EQ(introGuestNotAllowed, outcome.action, "the exit is blocked all the same");
    CHECK_EQ(0, guest->counts[COUNT_DEACTIVATED], "nobody is told that it is over");

    /* Until it is called again, the guest is protected, or on its way out. */
    guest->on_alert = NULL;
    outcome = guest_store8(guest, 1, GATE_GLA(15), GATE_GPA(15), 0xD16);
    check((outcome.status == INT_STATUS_SUCCESS && outcome.action == introGuestNotAllowed) ||
              (outcome.status == INT_STATUS_NOT_INITIALIZED_HINT && outcome.action == introGuestAllowed),
          "an exit meanwhile", "status 0x%08X, action %d", (unsigned)outcome.status, (int)outcome.action);
    CHECK_STATUS(INT_STATUS_SUCCESS, everything ? lib.IntUninit() : glue.DisableIntro(guest, 0), "called again, afterwards");
    CHECK(guest_is_free(guest) && guest_mapped(guest) == 0, "everything was given back");
    CHECK_EQ(1, guest->counts[COUNT_DEACTIVATED], "and said once");
    guest_destroy(guest);
    if (everything)
        CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "IntInit again");
}

void drive_callbacks(void)
{
    handlers_from_within();
    memory_from_within(false, "IntRemoveGuestMemory again");
    memory_from_within(true, "IntRemoveGuestMemory again, after the guest was let go");
    unloading_from_within(disable_inside, false, "DisableIntro from within");
    unloading_from_within(uninit_inside, true, "IntUninit from within");
}
