/* SPDX-License-Identifier: MIT */
/* Letting a guest go; what callbacks may and may not do. */
#include "drive.h"

#include <string.h>

/* Every handler for a guest that the engine does not know, or not any more. */
static void every_handler_is_idle(struct guest *guest)
{
    INTRO_ACTION action = (INTRO_ACTION)0x7777;
    QWORD value = 1;
    BYTE data[8] = {1};
#define IDLE(call, name) CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, (call), name " without a guest")
#define IDLE_ALLOWED(call, name)                                                                                         \
    do {                                                                                                                 \
        action = (INTRO_ACTION)0x7777;                                                                                   \
        IDLE(call, name);                                                                                                \
        CHECK_EQ(introGuestAllowed, action, name " without a guest: allowed");                                           \
    } while (0)
    IDLE_ALLOWED(lib.IntHandleEptViolation(guest, GPA_IDT, 0, GLA_IDT, 0, &action, IG_EPT_HOOK_WRITE), "EPT violation");
    IDLE_ALLOWED(lib.IntHandleMsrViolation(guest, 0x176, IG_MSR_HOOK_WRITE, &action, 0, &value, 0), "MSR");
    IDLE_ALLOWED(lib.IntHandleCrWrite(guest, 4, 0, 0, 1, &action), "CR write");
    IDLE_ALLOWED(lib.IntHandleXcrWrite(guest, 0, &action), "XCR write");
    IDLE_ALLOWED(lib.IntHandleDtrViolation(guest, IG_DESC_ACCESS_IDTR | IG_DESC_ACCESS_WRITE, 0, &action), "DTR");
    IDLE_ALLOWED(lib.IntHandleDeviceStore(guest, GPA_IDT, 8, data, &action), "device store");
    IDLE(lib.IntHandleBreakpoint(guest, GPA_CODE, 0), "breakpoint");
    IDLE(lib.IntHandleEventInjection(guest, 14, 0, 0, 0), "event injection");
    IDLE(lib.IntHandleIntroCall(guest, RIP_KERNEL(0), 0), "VMCALL");
    IDLE(lib.IntHandleTimer(guest), "timer");
}

void drive_disable(void)
{
    struct guest *guest = guest_create(1);
    every_handler_is_idle(guest);
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, glue.DisableIntro(guest, 0), "DisableIntro of a guest that never was");
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest is taken under protection");
    PFUNC_IntEPTViolationCallback handler = atomic_load(&guest->ept_handler);
    QWORD value = 0xD15AB1E;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    drive_blocked(guest, &store, "it is protected");

    CHECK_STATUS(INT_STATUS_SUCCESS, glue.DisableIntro(guest, 0), "DisableIntro");
    CHECK_EQ(7, guest->rights[GPA_IDT >> 12], "the table may be written again");
    CHECK(guest_is_free(guest), "all rights are back and no handler is registered");
    CHECK_EQ(1, guest->counts[COUNT_UNREGISTER_EPT], "the handler was unregistered once");
    CHECK_EQ(1, guest->counts[COUNT_DEACTIVATED], "NotifyIntrospectionDeactivated is called once");
    CHECK_EQ(0, guest_mapped(guest), "every mapping was unmapped");
    guest->records = NULL;
    every_handler_is_idle(guest);
    INTRO_ACTION action = (INTRO_ACTION)0x7777;
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, handler(guest, GPA_IDT, 0, GLA_IDT, 0, &action, IG_EPT_HOOK_WRITE),
                 "an exit that comes late, through the former handler");
    CHECK_EQ(introGuestAllowed, action, "it is allowed");
    CHECK_EQ(1, guest->alert_count, "and there is no alert");
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, glue.DisableIntro(guest, 0), "DisableIntro twice");
    CHECK_EQ(1, guest->counts[COUNT_DEACTIVATED], "and no second notification");
    void *base;
    DWORD stride, count;
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntGetVcpuRecords(guest, &base, &stride, &count), "there are no records");
    QWORD options;
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.GetCurrentIntroOptions(guest, &options), "there are no options");

    CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "the same guest again");
    drive_blocked(guest, &store, "it is protected again");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.DisableIntro(guest, IG_DISABLE_IGNORE_SAFENESS), "DisableIntro, safeness ignored");
    CHECK_EQ(2, guest->counts[COUNT_DEACTIVATED], "a notification each time");
    CHECK(guest_is_free(guest), "all rights are back again");
    guest_destroy(guest);
}

/* ---- calls back into the engine from an alert ---------------------------------------------------------------------- */

static struct {
    struct guest *other;
    INTSTATUS disable, disable_ignoring, uninit, same_cpu, other_cpu, device, timer, records, options, remove, again;
    INTRO_ACTION same_action, other_action, device_action;
} inside;

static void call_back(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    if (inside.again++ > 0)
        return; /* the alerts of the calls below */
    QWORD value = 0x1111, options;
    void *base;
    DWORD stride, count;
    inside.disable = glue.DisableIntro(guest, 0);
    inside.disable_ignoring = glue.DisableIntro(guest, IG_DISABLE_IGNORE_SAFENESS);
    inside.uninit = lib.IntUninit();
    inside.same_action = introGuestAllowed;
    inside.same_cpu = lib.IntHandleEptViolation(guest, GATE_GPA(1), 0, GATE_GLA(1), 0, &inside.same_action, IG_EPT_HOOK_WRITE);
    struct store store = drive_gate_store(guest, 1, 2, &value);
    struct outcome outcome = guest_store(guest, &store);
    inside.other_cpu = outcome.status, inside.other_action = outcome.action;
    host_current_cpu = 0;
    inside.device = lib.IntHandleDeviceStore(guest, GATE_GPA(3), 8, &value, &inside.device_action);
    inside.timer = lib.IntHandleTimer(guest);
    inside.records = lib.IntGetVcpuRecords(guest, &base, &stride, &count);
    inside.options = glue.GetCurrentIntroOptions(guest, &options);
    inside.remove = lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE);
    if (inside.other != NULL)
        drive_finish(inside.other);
}

void drive_callbacks(void)
{
    memset(&inside, 0, sizeof inside);
    struct guest *guest = guest_create(2);
    guest->declare = true;
    guest->on_alert = call_back;
    inside.other = drive_start(1, OPTION_IDT);
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest is taken under protection"))
        return;
    QWORD value = 0xCA11;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    struct outcome outcome = guest_store(guest, &store);
    CHECK_STATUS(INT_STATUS_SUCCESS, outcome.status, "an exit whose alert calls back");
    CHECK_EQ(introGuestNotAllowed, outcome.action, "it is blocked");
    CHECK(inside.again >= 3, "the alert arrived, and those of the calls from within it");
    CHECK_STATUS(INT_STATUS_CANNOT_UNLOAD, inside.disable, "DisableIntro from within");
    CHECK_STATUS(INT_STATUS_CANNOT_UNLOAD, inside.disable_ignoring, "DisableIntro from within, safeness ignored");
    CHECK_STATUS(INT_STATUS_CANNOT_UNLOAD, inside.uninit, "IntUninit from within");
    CHECK_STATUS(INT_STATUS_BUSY, inside.same_cpu, "a handler of the same vCPU from within");
    CHECK_EQ(introGuestRetry, inside.same_action, "its action");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.other_cpu, "a handler of another vCPU from within");
    CHECK_EQ(introGuestNotAllowed, inside.other_action, "its action");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.device, "a device's store from within");
    CHECK_EQ(introGuestNotAllowed, inside.device_action, "its action");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.timer, "the timer from within");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.records, "IntGetVcpuRecords from within");
    CHECK_STATUS(INT_STATUS_SUCCESS, inside.options, "GetCurrentIntroOptions from within");
    check(inside.remove == INT_STATUS_BUSY || inside.remove == INT_STATUS_SUCCESS, "IntRemoveGuestMemory from within",
          "status 0x%08X", (unsigned)inside.remove);
    guest->declare = inside.remove != INT_STATUS_SUCCESS;

    store = drive_gate_store(guest, 0, 15, &value);
    drive_blocked(guest, &store, "the refused unloading has left the protection as it was");
    CHECK_EQ(0, guest->counts[COUNT_DEACTIVATED], "and told nobody otherwise");
    drive_finish(guest);
}
