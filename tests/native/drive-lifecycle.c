/* SPDX-License-Identifier: MIT */
/* Initialisation, release and the tables. */
#include "drive.h"

#include <signal.h>
#include <setjmp.h>
#include <string.h>

#define HALF_OFFSET offsetof(GLUE_IFACE, NewGuestNotification)

static bool half_is_filled(const GLUE_IFACE *table)
{
    return table->NewGuestNotification != NULL && table->DisableIntro != NULL && table->GetVersionString != NULL;
}

/* One guest, one blocked store: the shortest proof that the engine works. */
static void works(const char *name)
{
    struct guest *guest = guest_create(1);
    INTSTATUS status = guest_start(guest, OPTION_IDT);
    struct outcome outcome = {0, introGuestAllowed, 0};
    if (status == INT_STATUS_SUCCESS)
        outcome = guest_store8(guest, 0, GATE_GLA(3), GATE_GPA(3), 0x1234);
    check(status == INT_STATUS_SUCCESS && outcome.action == introGuestNotAllowed && guest->alert_count == 1, name,
          "start 0x%08X, exit 0x%08X, action %d, %u alerts", (unsigned)status, (unsigned)outcome.status, (int)outcome.action,
          guest->alert_count);
    if (status == INT_STATUS_SUCCESS)
        CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "that guest is let go");
    guest_destroy(guest);
}

static void second_init(void)
{
    GLUE_IFACE other;
    UPPER_IFACE other_upper;
    GLUE_IFACE first = glue;
    host_fill(&other, &other_upper);
    GLUE_IFACE before = other;
    UPPER_IFACE upper_before = other_upper;
    CHECK_STATUS(INT_STATUS_ALREADY_INITIALIZED_HINT, lib.IntInit(&other, &other_upper), "a second IntInit says so");
    CHECK(memcmp(&before, &other, sizeof other) == 0, "a second IntInit leaves the new glue table as it was");
    CHECK(memcmp(&upper_before, &other_upper, sizeof other_upper) == 0, "a second IntInit leaves the new upper table");
    CHECK(memcmp(&first, &glue, sizeof glue) == 0, "a second IntInit leaves the first table");
}

static void uninit_with_guest(void)
{
    struct guest *guest = guest_create(1);
    guest->declare = true;
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest is taken under protection"))
        return;
    lib.IntPreinit();
    struct outcome outcome = guest_store8(guest, 0, GATE_GLA(9), GATE_GPA(9), 0x55);
    CHECK_EQ(introGuestNotAllowed, outcome.action, "IntPreinit does nothing while the engine is initialised");

    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "IntUninit with an active guest");
    CHECK_EQ(1, guest->counts[COUNT_DEACTIVATED], "IntUninit tells that the guest is let go");
    CHECK(guest_is_free(guest), "IntUninit gives rights and handler back");
    CHECK_EQ(0, guest_mapped(guest), "IntUninit leaves no mapping");

    guest->records = NULL;
    outcome = guest_store8(guest, 0, GATE_GLA(9), GATE_GPA(9), 0x56);
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, outcome.status, "an exit after IntUninit");
    CHECK_EQ(introGuestAllowed, outcome.action, "an exit after IntUninit is allowed");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntConfigureGuest(guest, &guest->config), "configuring after IntUninit");
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, lib.IntUninit(), "a second IntUninit");

    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "IntInit again");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntDeclareGuestMemory(guest, 0, GUEST_RAM_SIZE, guest->ram),
                 "IntUninit has forgotten the declared memory");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE), "and it can be taken back");
    guest_destroy(guest);
}

void drive_lifecycle(void)
{
    if (!group_load())
        return;
    CHECK_EQ(INTROCORE_VERSION_MAJOR << 16 | INTROCORE_VERSION_MINOR << 8 | INTROCORE_VERSION_PATCH, lib.IntLibraryVersion(),
             "the version is that of the header, before IntInit");
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, lib.IntUninit(), "IntUninit before IntInit");
    lib.IntPreinit();
    lib.IntPreinit();
    host_fill(&glue, &upper);
    GLUE_IFACE asked = glue;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntInit(&glue, &upper), "IntInit");
    CHECK(memcmp(&asked, &glue, HALF_OFFSET) == 0, "IntInit leaves the first half of the table");
    CHECK(half_is_filled(&glue), "IntInit fills the second half");
    second_init();
    works("the engine works after a second IntInit");
    uninit_with_guest();
    works("the engine works after it was initialised again");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "IntUninit at the end");
    for (int i = 0; i < 20; i++) {
        if (host_init() != INT_STATUS_SUCCESS || lib.IntUninit() != INT_STATUS_SUCCESS)
            CHECK_EQ(20, i, "twenty rounds of IntInit and IntUninit");
    }
}

void drive_tables(void)
{
    if (!group_load())
        return;
    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "the engine initialises");
    GLUE_IFACE filled = glue;

    /* Whoever still reads the caller's tables dies or fails now. */
    memset(&glue, 0xA5, sizeof glue);
    memset(&upper, 0xA5, sizeof upper);
    glue.NewGuestNotification = filled.NewGuestNotification;
    glue.DisableIntro = filled.DisableIntro;
    works("overwriting the caller's tables changes nothing");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
}

/* Only what the header calls needed: the rest of the tables is null. */
void drive_minimal_tables(void)
{
    if (!group_load())
        return;
    GLUE_IFACE full;
    UPPER_IFACE full_upper;
    host_fill(&full, &full_upper);
    memset(&glue, 0, sizeof glue);
    memset(&upper, 0, sizeof upper);
    glue.Version = GLUE_IFACE_VERSION_1, glue.Size = GLUE_IFACE_VERSION_1_SIZE;
    glue.QueryGuestInfo = full.QueryGuestInfo, glue.NotifyIntrospectionAlert = full.NotifyIntrospectionAlert;
    upper.Version = UPPER_IFACE_VERSION_1, upper.Size = UPPER_IFACE_VERSION_1_SIZE;
    upper.TracePrint = full_upper.TracePrint;
    lib.IntPreinit();
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntInit(&glue, &upper), "the needed members are enough");

    struct guest *guest = guest_create(1);
    guest->declare = true;
    host_log_clear();
    INTSTATUS status = guest_start(guest, OPTION_IDT);
    CHECK_STATUS(INT_STATUS_SUCCESS, status, "a guest without a way to withdraw rights is taken all the same");
    CHECK(host_log_has("cannot be trapped here"), "the log says what that switches off");
    CHECK_EQ(0, guest->counts[COUNT_SET_RIGHTS], "nothing was withdrawn");
    if (status == INT_STATUS_SUCCESS)
        CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
    guest_destroy(guest);
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");

    /* Declared memory and the three members are enough to guard; mapping is not needed then. */
    glue.RegisterEPTHandler = full.RegisterEPTHandler, glue.UnregisterEPTHandler = full.UnregisterEPTHandler;
    glue.SetEPTPageProtection = full.SetEPTPageProtection;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntInit(&glue, &upper), "IntInit without the mapping members");
    guest = guest_create(1);
    guest->declare = true;
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest whose memory is all declared")) {
        QWORD value = 7;
        struct store store = drive_gate_store(guest, 0, 1, &value);
        drive_blocked(guest, &store, "it is protected");
        drive_finish(guest);
    }
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
}

/* ---- the process: signals ----------------------------------------------------------------------------------------- */

static sigjmp_buf fault_return;
static volatile sig_atomic_t fault_count;

static void on_fault(int signal_number)
{
    (void)signal_number;
    fault_count++;
    siglongjmp(fault_return, 1);
}

static void fault_here(const char *name)
{
    int before = fault_count;
    if (sigsetjmp(fault_return, 1) == 0)
        *(volatile int *)8 = 1;
    CHECK_EQ(before + 1, fault_count, name);
}

/* A host's own SIGSEGV handler, installed first, still gets the host's faults. */
void drive_process(void)
{
    struct sigaction action = {.sa_handler = on_fault};
    sigaction(SIGSEGV, &action, NULL);
    fault_here("the host's handler works before the library is loaded");
    if (!group_load())
        return;
    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "the engine initialises");
    fault_here("the host's handler gets the host's faults after IntInit");
    works("the engine works after the host has faulted");
    fault_here("and again after the engine has worked");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
    fault_here("and after IntUninit");
}
