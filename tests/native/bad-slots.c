/* SPDX-License-Identifier: MIT */
/* The second half of GLUE_IFACE with bad arguments. */
#include "bad-input.h"

#include <string.h>

/* A function that is not built may say so before it looks at its arguments. */
static void refused(INTSTATUS status, INTSTATUS expected, const char *name)
{
    check(status == expected || status == INT_STATUS_OPERATION_NOT_IMPLEMENTED, name, "status 0x%08X, not 0x%08X",
          (unsigned)status, (unsigned)expected);
}

static void unbuilt_with_nothing(void *handle, INTSTATUS expected)
{
    refused(glue.UpdateExceptions(handle, NULL, 0, 0), expected, "UpdateExceptions");
    refused(glue.GetExceptionsVersion(handle, NULL, NULL, NULL), expected, "GetExceptionsVersion");
    refused(glue.GetGuestInfo(handle, NULL), expected, "GetGuestInfo");
    refused(glue.InjectProcessAgent(handle, 0, NULL, 0, NULL, NULL), expected, "InjectProcessAgent");
    refused(glue.InjectFileAgent(handle, NULL, 0, NULL), expected, "InjectFileAgent");
    refused(glue.SetIntroAbortStatus(handle, 7), expected, "SetIntroAbortStatus");
    refused(glue.AddExceptionFromAlert(handle, NULL, (INTRO_EVENT_TYPE)0, 0, 0), expected, "AddExceptionFromAlert");
    refused(glue.RemoveException(handle, 0), expected, "RemoveException");
    refused(glue.FlushAlertExceptions(handle), expected, "FlushAlertExceptions");
    refused(glue.AddRemoveProtectedProcessUtf16(handle, NULL, 0, 0, 0), expected, "AddRemoveProtectedProcessUtf16");
    refused(glue.AddRemoveProtectedProcessUtf8(handle, NULL, 0, 0, 0), expected, "AddRemoveProtectedProcessUtf8");
    refused(glue.RemoveAllProtectedProcesses(handle), expected, "RemoveAllProtectedProcesses");
    refused(glue.IterateVirtualAddressSpace(handle, 0, NULL), expected, "IterateVirtualAddressSpace");
    refused(glue.UpdateSupport(handle, NULL, 0), expected, "UpdateSupport");
    refused(glue.GetSupportVersion(handle, NULL, NULL, NULL), expected, "GetSupportVersion");
}

static void reconfiguration(struct guest *guest)
{
    static char long_word[70000];
    memset(long_word, '!', sizeof long_word - 1);
    CHAR curproc[] = "!curproc";
    CHAR *words[] = {curproc, NULL}, *missing[] = {NULL}, *unknown[] = {long_word};
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.ModifyDynamicOptions(NULL, 0), "ModifyDynamicOptions: no handle");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.ModifyDynamicOptions(NO_HANDLE, 0), "ModifyDynamicOptions: no guest");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.NotifyGuestPowerStateChange(NULL, intGuestPowerStateSleep), "power state: no handle");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.NotifyGuestPowerStateChange(NO_HANDLE, intGuestPowerStateSleep), "power state: no guest");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.NotifyGuestPowerStateChange(guest, (IG_GUEST_POWER_STATE)0), "power state: none");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.NotifyGuestPowerStateChange(guest, (IG_GUEST_POWER_STATE)5), "power state: no such");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.DebugProcessCommand(NULL, 0, 1, words), "debugger: no handle");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.DebugProcessCommand(NO_HANDLE, 0, 1, words), "debugger: no guest");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.DebugProcessCommand(guest, 7, 1, words), "debugger: no such vCPU");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, glue.DebugProcessCommand(guest, 0, 0, words), "debugger: no words");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, glue.DebugProcessCommand(guest, 0, 9, words), "debugger: too many words");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, glue.DebugProcessCommand(guest, 0, 1, NULL), "debugger: null words");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, glue.DebugProcessCommand(guest, 0, 1, missing), "debugger: a null word");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, glue.DebugProcessCommand(guest, 0, 2, words), "debugger: a null second word");
    CHECK_STATUS(INT_STATUS_NOT_FOUND, glue.DebugProcessCommand(guest, 0, 1, unknown), "debugger: no such command");
}

static void current_instruction(struct guest *guest)
{
    BYTE length = 0x5A;
    CHAR name[32] = "untouched";
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.GetCurrentInstructionLength(NULL, 0, NULL), "GetCurrentInstructionLength: no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, glue.GetCurrentInstructionLength(guest, 0, NULL), "GetCurrentInstructionLength: no buffer");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.GetCurrentInstructionLength(guest, 1, &length), "GetCurrentInstructionLength: no such vCPU");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.GetCurrentInstructionLength(NO_HANDLE, 0, &length), "GetCurrentInstructionLength: no guest");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.GetCurrentInstructionMnemonic(NULL, 0, NULL), "GetCurrentInstructionMnemonic: no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, glue.GetCurrentInstructionMnemonic(guest, 0, NULL), "GetCurrentInstructionMnemonic: no buffer");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.GetCurrentInstructionMnemonic(guest, 1, name), "GetCurrentInstructionMnemonic: no such vCPU");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.GetCurrentInstructionMnemonic(NO_HANDLE, 0, name), "GetCurrentInstructionMnemonic: no guest");
    CHECK(length == 0x5A && strcmp(name, "untouched") == 0, "nothing was written");
}

void bad_slots(void)
{
    struct guest *guest = guest_create(1);
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.NewGuestNotification(NULL, 0, NULL, 0), "NewGuestNotification: no handle");
    QWORD options = 0x5A;
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.GetCurrentIntroOptions(guest, &options), "GetCurrentIntroOptions: no guest");
    CHECK_EQ(0x5A, options, "GetCurrentIntroOptions: nothing was written");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.GetCurrentIntroOptions(NULL, &options), "GetCurrentIntroOptions: no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.DisableIntro(NULL, 0), "DisableIntro: no handle");
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, glue.DisableIntro(guest, 0), "DisableIntro: no guest");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, glue.FlushGpaCache(NULL), "FlushGpaCache: no handle");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.FlushGpaCache(guest), "FlushGpaCache: no guest");
    guest_destroy(guest);

    guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.GetCurrentIntroOptions(guest, NULL), "GetCurrentIntroOptions: no buffer");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.SetLogLevel(guest, (IG_LOG_LEVEL)5), "SetLogLevel: a level too high");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.SetLogLevel(guest, (IG_LOG_LEVEL)-1), "SetLogLevel: a level far off");

    CHAR text[64];
    memset(text, 0x7E, sizeof text);
    INTSTATUS status = glue.GetVersionString(sizeof text, sizeof text, NULL, text);
    CHECK(!INT_SUCCESS(status), "GetVersionString: no full buffer");
    status = glue.GetVersionString(sizeof text, sizeof text, text, NULL);
    CHECK(!INT_SUCCESS(status), "GetVersionString: no version buffer");
    memset(text, 0x7E, sizeof text);
    status = glue.GetVersionString(0, 0, text, text + 32);
    CHECK(!INT_SUCCESS(status), "GetVersionString: buffers of no size");
    CHECK(text[0] == 0x7E && text[32] == 0x7E, "GetVersionString: nothing was written into them");

    reconfiguration(guest);
    current_instruction(guest);
    unbuilt_with_nothing(guest, INT_STATUS_INVALID_PARAMETER_2);
    unbuilt_with_nothing(NULL, INT_STATUS_INVALID_PARAMETER_1);
    unbuilt_with_nothing(NO_HANDLE, INT_STATUS_NOT_INITIALIZED);
    bad_finish(guest);

    /* An update buffer: none of the right kind is known, and none may kill. */
    BYTE rubbish[64];
    memset(rubbish, 0x99, sizeof rubbish);
    static const DWORD lengths[] = {0, 1, 64};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        guest = guest_create(1);
        status = glue.NewGuestNotification(guest, INTRO_OPT_PROT_KM_IDT, rubbish, lengths[i]);
        check_note("an update buffer of %u bytes: status 0x%08X", lengths[i], (unsigned)status);
        if (status == INT_STATUS_SUCCESS)
            CHECK_STATUS(INT_STATUS_SUCCESS, glue.DisableIntro(guest, 0), "the guest is let go");
        CHECK(guest_is_free(guest) && guest_mapped(guest) == 0, "an update buffer: nothing is left behind");
        CHECK(guest->counts[COUNT_RELEASE_BUFFER] <= 1, "an update buffer: released at most once");
        guest_destroy(guest);
    }
    guest = guest_create(1);
    status = glue.NewGuestNotification(guest, INTRO_OPT_PROT_KM_IDT, NULL, 64);
    check_note("an update buffer of none at all: status 0x%08X", (unsigned)status);
    if (status == INT_STATUS_SUCCESS)
        CHECK_STATUS(INT_STATUS_SUCCESS, glue.DisableIntro(guest, 0), "the guest is let go");
    CHECK(guest_is_free(guest) && guest_mapped(guest) == 0, "no update buffer with a length: nothing is left behind");
    guest_destroy(guest);
}
