/* SPDX-License-Identifier: MIT */
/**
 * proxy.c - checks of allow-all.c: `proxy LIBRARY`, LIBRARY being the built proxy and INTROCORE_REAL the path of the real library.
 * The verdict of the real engine is seen in its alert, and what the glue is told in the action.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake-hypervisor.h"

static void one_store(struct guest *guest, bool through_exports, unsigned gate, const char *name)
{
    QWORD landed;
    unsigned alerts = guest->alert_count;
    guest->use_exports = through_exports;
    struct outcome outcome = guest_store8(guest, 0, GATE_GLA(gate), GATE_GPA(gate), 0xA110);
    memcpy(&landed, guest->ram + GATE_GPA(gate), 8);
    check(outcome.status == INT_STATUS_SUCCESS && outcome.action == introGuestAllowed && landed == 0xA110, name,
          "status 0x%08X, action %d", (unsigned)outcome.status, (int)outcome.action);
    if (CHECK_EQ(alerts + 1, guest->alert_count, "the real engine alerts"))
        CHECK_EQ(introGuestNotAllowed, guest->alerts[alerts].Header.Action, "the real engine would have blocked it");
}

int main(int count, char **arguments)
{
    const char *missing = NULL;
    if (count != 2)
        return 2;
    bool loaded = library_open(&lib, arguments[1], &missing);
    if (!check(loaded && missing == NULL, "the proxy has every function", "%s", missing != NULL ? missing : ""))
        return check_end();
    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "the engine initialises");
    CHECK(glue.NewGuestNotification != NULL && glue.DisableIntro != NULL && glue.GetVersionString != NULL,
          "the engine's half was copied back");
    GLUE_IFACE expected;
    UPPER_IFACE unused;
    host_fill(&expected, &unused);
    CHECK(memcmp(&expected, &glue, offsetof(GLUE_IFACE, NewGuestNotification)) == 0, "the glue's half is as it was");

    struct guest *guest = guest_create(1);
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, INTRO_OPT_PROT_KM_IDT), "a guest is taken under protection");
    CHECK_EQ(0, guest->rights[GPA_IDT >> 12] & 2, "its table is guarded");
    one_store(guest, false, 14, "a store through the registered handler is allowed and lands");
    one_store(guest, true, 15, "a store through IntHandleEptViolation is allowed and lands");
    INTRO_ACTION action = introGuestRetry;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntHandleDeviceStore(guest, GATE_GPA(16), 8, "12345678", &action), "a device's store");
    CHECK_EQ(introGuestAllowed, action, "a device's store is allowed");
    CHECK_EQ(3, guest->alert_count, "the real engine alerts about it");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntHandleEptViolation(NULL, 0, 0, 0, 0, &action, 0), "errors pass through");
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
    CHECK(guest_is_free(guest), "nothing is left behind");
    guest_destroy(guest);

    GLUE_IFACE other = glue;
    CHECK_STATUS(INT_STATUS_ALREADY_INITIALIZED_HINT, lib.IntInit(&other, &upper), "a second IntInit");
    CHECK(memcmp(&other, &glue, sizeof other) == 0, "a second IntInit changes nothing");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
    CHECK_EQ(INTROCORE_VERSION_MAJOR << 16 | INTROCORE_VERSION_MINOR << 8 | INTROCORE_VERSION_PATCH, lib.IntLibraryVersion(),
             "the version is the real one");
    CHECK(strcmp(lib.IntStatusToString(INT_STATUS_NOT_FOUND), "INT_STATUS_NOT_FOUND") == 0, "texts are the real ones");
    CHECK_EQ(0, host_errors, "the engine kept to the rules of the boundary");
    return check_end();
}
