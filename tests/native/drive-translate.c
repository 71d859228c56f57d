/* SPDX-License-Identifier: MIT */
/* IntTranslateLinear: right while tables change, pages go, and memory is declared or mapped. */
#include "drive.h"

#define DATA (GLA_KERNEL + GPA_DATA)
#define LEAF(guest, gpa) ((QWORD *)(void *)((guest)->ram + 0x4000) + ((gpa) >> 12))

static INTSTATUS translate(struct guest *guest, DWORD cpu, QWORD gla, QWORD *gpa)
{
    *gpa = 0x5A5A;
    return lib.IntTranslateLinear(guest, cpu, gla, GPA_PML4, INTRO_PAGING_4LEVEL, gpa);
}

static void follows_the_tables(struct guest *guest, DWORD cpu, const char *name)
{
    QWORD gpa, *leaf = LEAF(guest, GPA_DATA), before = *leaf;
    for (unsigned i = 0; i < 3; i++) {
        CHECK_STATUS(INT_STATUS_SUCCESS, translate(guest, cpu, DATA + 0x123, &gpa), name);
        CHECK_EQ(GPA_DATA + 0x123, gpa, name);
    }
    *leaf = GPA_STACK | 0x63;
    CHECK_STATUS(INT_STATUS_SUCCESS, translate(guest, cpu, DATA, &gpa), name);
    CHECK_EQ(GPA_STACK, gpa, "the page has moved");
    *leaf = before & ~1ull;
    CHECK_STATUS(INT_STATUS_PAGE_NOT_PRESENT, translate(guest, cpu, DATA, &gpa), "the page is gone");
    CHECK_EQ(0, gpa, "and there is no address");
    *leaf = before;
    CHECK_STATUS(INT_STATUS_SUCCESS, translate(guest, cpu, DATA, &gpa), "the page is back");
    CHECK_EQ(GPA_DATA, gpa, "where it was");
}

static void bad_addresses(struct guest *guest)
{
    QWORD gpa;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, translate(guest, 0, 0x8000000000000000ull, &gpa), "not canonical");
    CHECK_STATUS(INT_STATUS_NO_MAPPING_STRUCTURES, translate(guest, 0, GLA_UNMAPPED, &gpa), "no upper level");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, translate(guest, 1, DATA, &gpa), "no such vCPU");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_5, lib.IntTranslateLinear(guest, 0, DATA, GPA_PML4, 5, &gpa), "no such mode");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_6, lib.IntTranslateLinear(guest, 0, DATA, GPA_PML4, 3, NULL), "no place");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntTranslateLinear(NULL, 0, DATA, GPA_PML4, 3, &gpa), "no handle");
    CHECK_STATUS(INT_STATUS_ACCESS_VIOLATION, lib.IntTranslateLinear(guest, 0, DATA, 0x40000000, 3, &gpa), "no table there");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntTranslateLinear(guest, 0, 0x1234, 0, INTRO_PAGING_NONE, &gpa), "paging off");
    CHECK_EQ(0x1234, gpa, "paging off");
}

static INTSTATUS within_status;
static QWORD within_gpa;

static void translate_within(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    within_status = translate(guest, 0, DATA + 8, &within_gpa);
}

void drive_translate(void)
{
    for (int declared = 0; declared < 2; declared++) {
        struct guest *guest = guest_create(1);
        guest->declare = declared != 0;
        guest->map_mode = MAP_FRESH;
        QWORD gpa;
        CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, translate(guest, 0, DATA, &gpa), "before the guest is active");
        if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest is taken under protection"))
            return;
        follows_the_tables(guest, 0, declared ? "declared memory" : "mapped memory");
        follows_the_tables(guest, IG_CURRENT_VCPU, "without a vCPU");
        bad_addresses(guest);

        /* Within an exit of the same vCPU. */
        guest->on_alert = translate_within;
        QWORD value = 0x7AA;
        struct store store = drive_gate_store(guest, 0, 5, &value);
        drive_blocked(guest, &store, "a store whose alert translates");
        guest->on_alert = NULL;
        CHECK_STATUS(INT_STATUS_SUCCESS, within_status, "translated within an exit");
        CHECK_EQ(GPA_DATA + 8, within_gpa, "translated within an exit");
        if (declared) {
            CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE), "taken back");
            guest->declare = false;
            follows_the_tables(guest, 0, "after the memory was taken back");
        }
        drive_finish(guest);
    }
}
