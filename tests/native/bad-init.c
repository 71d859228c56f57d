/* SPDX-License-Identifier: MIT */
/* Tables that IntInit must refuse. On any error they are as they were, and the engine is not initialised. */
#include "bad-input.h"

#include <string.h>

static GLUE_IFACE glue_before;
static UPPER_IFACE upper_before;

static void refused(INTSTATUS expected, GLUE_IFACE *glue_table, UPPER_IFACE *upper_table, const char *name)
{
    if (glue_table != NULL)
        glue_before = *glue_table;
    if (upper_table != NULL)
        upper_before = *upper_table;
    host_log_clear();
    CHECK_STATUS(expected, lib.IntInit(glue_table, upper_table), name);
    bool kept = glue_table == NULL || memcmp(&glue_before, glue_table, sizeof glue_before) == 0;
    kept = kept && (upper_table == NULL || memcmp(&upper_before, upper_table, sizeof upper_before) == 0);
    check(kept, name, "a table was changed");
    CHECK_STATUS(INT_STATUS_NOT_NEEDED_HINT, lib.IntUninit(), "the engine is not initialised after that");
}

static void versions(void)
{
    static const DWORD wrong_versions[] = {0, 1, GLUE_IFACE_VERSION_1 + 1, GLUE_IFACE_VERSION_1 - 1, 0xFFFFFFFF};
    static const DWORD wrong_sizes[] = {0, 8, GLUE_IFACE_VERSION_1_SIZE - 8, GLUE_IFACE_VERSION_1_SIZE + 8, 0xFFFFFFFF};
    for (size_t i = 0; i < 5; i++) {
        host_fill(&glue, &upper);
        glue.Version = wrong_versions[i];
        refused(INT_STATUS_NOT_SUPPORTED, &glue, &upper, "a glue table of another version");
        host_fill(&glue, &upper);
        glue.Size = wrong_sizes[i];
        refused(INT_STATUS_NOT_SUPPORTED, &glue, &upper, "a glue table of another size");
        host_fill(&glue, &upper);
        upper.Version = wrong_versions[i];
        refused(INT_STATUS_NOT_SUPPORTED, &glue, &upper, "an upper table of another version");
        host_fill(&glue, &upper);
        upper.Size = wrong_sizes[i] == UPPER_IFACE_VERSION_1_SIZE ? 1 : wrong_sizes[i];
        refused(INT_STATUS_NOT_SUPPORTED, &glue, &upper, "an upper table of another size");
    }
}

static void missing_members(void)
{
    static const struct {
        size_t offset;
        const char *name;
    } needed[] = {
        {offsetof(GLUE_IFACE, QueryGuestInfo), "QueryGuestInfo"},
        {offsetof(GLUE_IFACE, NotifyIntrospectionAlert), "NotifyIntrospectionAlert"},
        {offsetof(GLUE_IFACE, PhysMemMapToHost), "PhysMemMapToHost"}, /* PhysMemUnmap is there */
        {offsetof(GLUE_IFACE, PhysMemUnmap), "PhysMemUnmap"},
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        host_fill(&glue, &upper);
        memset((char *)&glue + needed[i].offset, 0, sizeof(void *));
        refused(INT_STATUS_INVALID_PARAMETER_1, &glue, &upper, needed[i].name);
        check(host_log_has(needed[i].name), needed[i].name, "the log does not name the member that is missing");
    }
    host_fill(&glue, &upper);
    upper.TracePrint = NULL;
    refused(INT_STATUS_INVALID_PARAMETER_2, &glue, &upper, "TracePrint");
    glue.QueryGuestInfo = NULL;
    host_log_clear();
    INTSTATUS status = lib.IntInit(&glue, &upper);
    check(status == INT_STATUS_INVALID_PARAMETER_1 || status == INT_STATUS_INVALID_PARAMETER_2,
          "a member missing in both tables", "status 0x%08X", (unsigned)status);

    /* What is not needed may be missing, one by one: each member of the first half but those above. */
    unsigned accepted = 0, offered = 0;
    for (size_t offset = offsetof(GLUE_IFACE, QueryGuestInfo); offset < offsetof(GLUE_IFACE, NewGuestNotification);
         offset += sizeof(void *)) {
        bool is_needed = false;
        for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
            is_needed = is_needed || needed[i].offset == offset;
        if (is_needed)
            continue;
        host_fill(&glue, &upper);
        memset((char *)&glue + offset, 0, sizeof(void *));
        offered++;
        if (lib.IntInit(&glue, &upper) == INT_STATUS_SUCCESS)
            accepted++;
        else
            check_note("the member at offset %zu is wanted", offset);
        lib.IntUninit();
    }
    CHECK_EQ(offered, accepted, "every other member may be missing");
}

void bad_init(void)
{
    if (!group_load())
        return;
    lib.IntPreinit();
    host_fill(&glue, &upper);
    refused(INT_STATUS_INVALID_PARAMETER_1, NULL, &upper, "no glue table");
    refused(INT_STATUS_INVALID_PARAMETER_2, &glue, NULL, "no upper table");
    INTSTATUS status = lib.IntInit(NULL, NULL);
    check(status == INT_STATUS_INVALID_PARAMETER_1 || status == INT_STATUS_INVALID_PARAMETER_2, "no table at all",
          "status 0x%08X", (unsigned)status);
    versions();
    missing_members();

    /* Nothing works before IntInit, and nothing dies of it. */
    struct guest *guest = guest_create(1);
    INTRO_ACTION action = UNTOUCHED;
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT,
                 lib.IntHandleEptViolation(guest, GPA_IDT, 0, GLA_IDT, 0, &action, IG_EPT_HOOK_WRITE), "an exit before IntInit");
    CHECK_EQ(introGuestAllowed, action, "an exit before IntInit is allowed");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, lib.IntHandleTimer(guest), "a timer before IntInit");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntConfigureGuest(guest, &guest->config), "IntConfigureGuest before IntInit");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntDeclareGuestMemory(guest, 0, 0x1000, guest->ram),
                 "IntDeclareGuestMemory before IntInit");
    void *base;
    DWORD stride, count;
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntGetVcpuRecords(guest, &base, &stride, &count),
                 "IntGetVcpuRecords before IntInit");
    guest_destroy(guest);
    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "after all that the engine initialises");
    guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest != NULL)
        bad_finish(guest);
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "and uninitialises");
}
