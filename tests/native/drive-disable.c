/* SPDX-License-Identifier: MIT */
/* Letting a guest go. */
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
