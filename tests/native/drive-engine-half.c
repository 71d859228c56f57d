/* SPDX-License-Identifier: MIT */
/* The second half of GLUE_IFACE, and the options. */
#include "drive.h"

#include <string.h>

#define NOT_BUILT(call, name) CHECK_STATUS(INT_STATUS_OPERATION_NOT_IMPLEMENTED, (call), name " is there and says it is not built")

static INTSTATUS each_page(QWORD cr3, QWORD gla, QWORD entry, QWORD size)
{
    (void)cr3, (void)gla, (void)entry, (void)size;
    return INT_STATUS_SUCCESS;
}

static bool every_slot_is_filled(void)
{
    void *slots[(sizeof glue - offsetof(GLUE_IFACE, NewGuestNotification)) / sizeof(void *)];
    memcpy(slots, (char *)&glue + offsetof(GLUE_IFACE, NewGuestNotification), sizeof slots);
    size_t reserved = (offsetof(GLUE_IFACE, _H_I_Reserved1) - offsetof(GLUE_IFACE, NewGuestNotification)) / sizeof(void *);
    size_t count = sizeof slots / sizeof slots[0] - 3; /* three reserved ones at the end */
    for (size_t i = 0; i < count; i++) {
        if (i != reserved && slots[i] == NULL) {
            check_note("slot %zu of the second half is null", i);
            return false;
        }
    }
    return true;
}

static void unbuilt(struct guest *guest)
{
    WORD word[2];
    DWORD number[3];
    BYTE bytes[64] = {0};
    CHAR text[64] = "x";
    GUEST_INFO info;
    NOT_BUILT(glue.UpdateExceptions(guest, bytes, sizeof bytes, 0), "UpdateExceptions");
    NOT_BUILT(glue.GetExceptionsVersion(guest, &word[0], &word[1], &number[0]), "GetExceptionsVersion");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, glue.GetGuestInfo(guest, &info), "a guest without an operating system");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.GetGuestInfo(guest, NULL), "GetGuestInfo into nothing");
    NOT_BUILT(glue.InjectProcessAgent(guest, 1, bytes, sizeof bytes, text, text), "InjectProcessAgent");
    NOT_BUILT(glue.InjectFileAgent(guest, bytes, sizeof bytes, text), "InjectFileAgent");
    NOT_BUILT(glue.SetIntroAbortStatus(guest, FALSE), "SetIntroAbortStatus");
    NOT_BUILT(glue.AddExceptionFromAlert(guest, bytes, introEventEptViolation, FALSE, 1), "AddExceptionFromAlert");
    NOT_BUILT(glue.RemoveException(guest, 1), "RemoveException");
    NOT_BUILT(glue.FlushAlertExceptions(guest), "FlushAlertExceptions");
    NOT_BUILT(glue.AddRemoveProtectedProcessUtf16(guest, word, 1, TRUE, 1), "AddRemoveProtectedProcessUtf16");
    NOT_BUILT(glue.AddRemoveProtectedProcessUtf8(guest, text, 1, TRUE, 1), "AddRemoveProtectedProcessUtf8");
    NOT_BUILT(glue.RemoveAllProtectedProcesses(guest), "RemoveAllProtectedProcesses");
    NOT_BUILT(glue.IterateVirtualAddressSpace(guest, GPA_PML4, each_page), "IterateVirtualAddressSpace");
    NOT_BUILT(glue.UpdateSupport(guest, bytes, sizeof bytes), "UpdateSupport");
    NOT_BUILT(glue.GetSupportVersion(guest, &number[0], &number[1], &number[2]), "GetSupportVersion");
}

static void version_strings(void)
{
    CHAR full[256], version[64];
    memset(full, 0x7E, sizeof full);
    memset(version, 0x7E, sizeof version);
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetVersionString(sizeof full, sizeof version, full, version), "GetVersionString");
    size_t full_length = strnlen(full, sizeof full), length = strnlen(version, sizeof version);
    CHECK(full_length > 0 && full_length < sizeof full, "the full version string is there and terminated");
    CHECK(length > 0 && length < sizeof version, "the version string is there and terminated");
    CHECK(length < sizeof version && strspn(version, "0123456789.") > 2, "the version string starts with numbers");

    memset(full, 0x7E, sizeof full);
    memset(version, 0x7E, sizeof version);
    INTSTATUS status = glue.GetVersionString(1, 1, full, version);
    CHECK(full[1] == 0x7E && version[1] == 0x7E, "GetVersionString keeps within buffers that are too small");
    CHECK(!INT_SUCCESS(status) || (full[0] == 0 && version[0] == 0), "and says so, or terminates what it wrote");
}

/* What a hypervisor needs to skip an instruction: asked for outside of exits. */
static void current_instruction(struct guest *guest)
{
    static const BYTE stos[] = {0xF3, 0x48, 0xAB}, nothing[] = {0x0F, 0x04}, mov[] = {0x48, 0x89, 0x37};
    CHAR name[40];
    BYTE length = 0x5A;
    memcpy(guest->ram + GPA_CODE + 0x900, stos, sizeof stos);
    memcpy(guest->ram + GPA_CODE + 0x910, nothing, sizeof nothing);
    guest->cpus[1].regs.Rip = RIP_KERNEL(0x900);
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetCurrentInstructionLength(guest, 1, &length), "GetCurrentInstructionLength");
    CHECK_EQ(3, length, "rep stosq has 3 bytes");
    memset(name, 0x7E, sizeof name);
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetCurrentInstructionMnemonic(guest, 1, name), "GetCurrentInstructionMnemonic");
    CHECK(memcmp(name, "stosq\0~", 7) == 0, "its name is stosq, and nothing more is written");

    memcpy(guest->ram + GPA_CODE + 0x900, mov, sizeof mov);
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetCurrentInstructionMnemonic(guest, 1, name), "after the code has changed");
    CHECK(strcmp(name, "mov") == 0, "the name is that of the code as it is");

    VCPU_STATE *record = guest_record(guest, 1);
    record->Regs.Rip = RIP_KERNEL(0x910);
    record->PushedMask = VCPU_REG_RIP;
    length = 0x5A;
    CHECK_STATUS(INT_STATUS_DISASM_ERROR, glue.GetCurrentInstructionLength(guest, 1, &length), "bytes that are no instruction");
    CHECK_EQ(0x5A, length, "nothing is written then, and the pushed RIP has counted");
    CHECK_EQ(0, record->PushedMask, "what was pushed counts once");

    guest->cpus[1].regs.Rip = GLA_UNMAPPED;
    CHECK_STATUS(INT_STATUS_NO_MAPPING_STRUCTURES, glue.GetCurrentInstructionLength(guest, 1, &length), "code that is not there");
    CHECK_STATUS(INT_STATUS_NO_MAPPING_STRUCTURES, glue.GetCurrentInstructionMnemonic(guest, 1, name), "its name neither");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.GetCurrentInstructionLength(guest, 2, &length), "no such vCPU");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, glue.GetCurrentInstructionLength(guest, IG_CURRENT_VCPU, &length), "no current one");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, glue.GetCurrentInstructionLength(guest, 0, NULL), "no buffer");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, glue.GetCurrentInstructionMnemonic(guest, 0, NULL), "no buffer for the name");
}

void drive_engine_half(void)
{
    CHECK(every_slot_is_filled(), "every function of the second half is there");
    CHECK(glue._H_I_Reserved1 == NULL && glue._H_I_Reserved2 == NULL && glue._H_I_Reserved3 == NULL &&
              glue._H_I_Reserved4 == NULL, "the reserved members are left alone");
    version_strings();
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    unbuilt(guest);
    current_instruction(guest);
    QWORD options = 0;
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetCurrentIntroOptions(guest, &options), "GetCurrentIntroOptions");
    CHECK_EQ(OPTION_IDT, options, "the options are those asked for");

    QWORD value = 1;
    struct store store = drive_gate_store(guest, 0, 2, &value);
    drive_blocked(guest, &store, "none of this has disturbed the protection");

    CHECK_STATUS(INT_STATUS_ALREADY_INITIALIZED_HINT, glue.NewGuestNotification(guest, OPTION_IDT, NULL, 0),
                 "NewGuestNotification of an active guest");
    CHECK_EQ(1, guest->counts[COUNT_ACTIVATED], "and it is not activated twice");
    drive_finish(guest);
}

static void options_case(QWORD asked, QWORD expected, const char *name)
{
    struct guest *guest = group_start(1, asked);
    if (guest == NULL)
        return;
    QWORD options = 0x5A5A;
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.GetCurrentIntroOptions(guest, &options), "GetCurrentIntroOptions");
    CHECK_EQ(expected, options, name);
    CHECK(((options & OPTION_IDT) != 0) == ((guest->rights[GPA_IDT >> 12] & 2) == 0), "the table is guarded when asked for");
    drive_finish(guest);
}

void drive_options(void)
{
    options_case(0, 0, "no option, none in force");
    options_case(OPTION_IDT, OPTION_IDT, "the IDT option");
    options_case(OPTION_LOG_ONLY, OPTION_LOG_ONLY, "the IDT option, log-only");
    host_log_clear();
    options_case(OPTION_IDT | 1ull | 1ull << 63, OPTION_IDT, "unknown options are left out");
    CHECK(host_log_has("option") || host_log_has("Option"), "and the log says so");

    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    for (int level = intLogLevelDebug; level <= intLogLevelCritical; level++)
        CHECK_STATUS(INT_STATUS_SUCCESS, glue.SetLogLevel(guest, (IG_LOG_LEVEL)level), "SetLogLevel");
    host_log_clear();
    QWORD value = 1;
    struct store store = drive_gate_store(guest, 0, 2, &value);
    drive_blocked(guest, &store, "alerts do not depend on the log level");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.SetLogLevel(guest, intLogLevelInfo), "SetLogLevel");
    drive_finish(guest);
}
