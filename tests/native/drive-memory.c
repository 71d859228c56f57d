/* SPDX-License-Identifier: MIT */
/* Guest memory: declared, mapped for each look, or some of both. */
#include "drive.h"

#include <string.h>
#include <sys/mman.h>

#define VALUE 0xDEC1A7EDull

static void a_store_of_each_kind(struct guest *guest, const char *name)
{
    QWORD value = VALUE, same;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    drive_blocked(guest, &store, name);
    memcpy(&same, guest->ram + GATE_GPA(15), 8);
    store = drive_gate_store(guest, 0, 15, &same);
    drive_allowed(guest, &store, name);
    store = drive_gate_store(guest, 0, 16, &value);
    store.pushed = 0;
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, name);
    check(event->Header.CpuContext.Instruction[0] != 0, name, "the instruction was not read");
    CHECK_BYTES(guest->ram + GPA_CODE, event->ExecContext.RipCode, 64, name);
}

void drive_declared(void)
{
    struct guest *guest = guest_create(1);
    guest->declare = true;
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest whose memory is declared"))
        return;
    CHECK_EQ(0, guest->counts[COUNT_MAP], "declared memory was not mapped at the start");
    a_store_of_each_kind(guest, "declared memory");
    CHECK_EQ(0, guest->counts[COUNT_MAP], "declared memory was not mapped in an exit");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE), "taken back while active");
    a_store_of_each_kind(guest, "memory that was declared once");
    CHECK(guest->counts[COUNT_MAP] > 0, "memory that is not declared any more is mapped");
    guest->declare = false;
    drive_finish(guest);

    /* After success the engine does not touch the range any more: here it would fault. */
    guest = guest_create(1);
    void *alias = mmap(NULL, GUEST_RAM_SIZE, PROT_READ, MAP_SHARED, guest->ram_fd, 0);
    CHECK(alias != MAP_FAILED, "another view of the RAM");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntDeclareGuestMemory(guest, 0, GUEST_RAM_SIZE, alias), "declared read-only");
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest declared through another view")) {
        a_store_of_each_kind(guest, "declared through another view");
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE), "taken back");
        munmap(alias, GUEST_RAM_SIZE);
        a_store_of_each_kind(guest, "after the view is gone");
        drive_finish(guest);
    }

    /* Half of it, and then the other half, while the guest runs. */
    guest = guest_create(1);
    QWORD half = GPA_IDT;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntDeclareGuestMemory(guest, 0, half, guest->ram), "the lower part declared");
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest with part of its memory declared")) {
        a_store_of_each_kind(guest, "code declared, table mapped");
        CHECK(guest->counts[COUNT_MAP] > 0, "the rest was mapped");
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntDeclareGuestMemory(guest, half, GUEST_RAM_SIZE - half, guest->ram + half),
                     "the rest declared while active");
        a_store_of_each_kind(guest, "all declared, in two ranges");
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0, half), "the lower part taken back");
        a_store_of_each_kind(guest, "code mapped, table declared");
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, half, GUEST_RAM_SIZE - half), "the rest taken back");
        drive_finish(guest);
    }
}

void drive_mapped(void)
{
    struct guest *guest = guest_create(1);
    guest->map_mode = MAP_FRESH; /* a pointer that is kept after PhysMemUnmap leads to nothing */
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest whose memory is mapped for each look"))
        return;
    CHECK(guest->counts[COUNT_MAP] > 0, "the engine maps what it reads");
    for (int i = 0; i < 3; i++)
        a_store_of_each_kind(guest, "memory mapped for each look");
    int mapped = guest_mapped(guest);
    for (int i = 0; i < 100; i++) {
        QWORD same;
        memcpy(&same, guest->ram + GATE_GPA(15), 8);
        struct store store = drive_gate_store(guest, 0, 15, &same);
        guest_store(guest, &store);
    }
    check(guest_mapped(guest) <= mapped + 8, "mappings do not pile up", "%d mappings became %d", mapped,
          guest_mapped(guest));
    drive_finish(guest);

    /* The guest changes its page tables: what was learned before must not be used. */
    guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    QWORD value = VALUE;
    struct store store = drive_gate_store(guest, 0, 14, &value);
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, "before the code moves");
    check(strncmp(event->Header.CpuContext.Instruction, "48 89 37  ", 10) == 0, "the instruction before", "it is \"%.128s\"",
          event->Header.CpuContext.Instruction);
    memset(guest->ram + 0x50000, 0x90, 0x1000);
    memcpy(guest->ram + 0x50000, "\x66\x89\x37", 3);
    QWORD entry = 0x50000 | 0x63;
    memcpy(guest->ram + 0x4000 + (GPA_CODE >> 12) * 8, &entry, 8);
    event = drive_blocked(guest, &store, "after the code has moved");
    check(strncmp(event->Header.CpuContext.Instruction, "66 89 37  ", 10) == 0, "the instruction is that of the new page",
          "it is \"%.128s\"", event->Header.CpuContext.Instruction);
    memcpy(guest->ram + 0x50000, "\x89\x37", 2);
    event = drive_blocked(guest, &store, "after the code was changed in place");
    check(strncmp(event->Header.CpuContext.Instruction, "89 37  ", 7) == 0, "the instruction is the changed one",
          "it is \"%.128s\"", event->Header.CpuContext.Instruction);
    drive_finish(guest);
}

void drive_declare_rules(void)
{
    struct guest *guest = guest_create(1);
    BYTE *ram = guest->ram;
#define DECLARE(gpa, size) lib.IntDeclareGuestMemory(guest, (gpa), (size), ram)
    CHECK_STATUS(INT_STATUS_SUCCESS, DECLARE(0x10000, 0x10000), "a range");
    CHECK_STATUS(INT_STATUS_DATA_ALREADY_EXISTS, DECLARE(0x10000, 0x10000), "the same range again");
    CHECK_STATUS(INT_STATUS_DATA_ALREADY_EXISTS, DECLARE(0x1F000, 0x2000), "a range over its end");
    CHECK_STATUS(INT_STATUS_DATA_ALREADY_EXISTS, DECLARE(0xF000, 0x2000), "a range over its start");
    CHECK_STATUS(INT_STATUS_DATA_ALREADY_EXISTS, DECLARE(0x12000, 0x1000), "a range within it");
    CHECK_STATUS(INT_STATUS_DATA_ALREADY_EXISTS, DECLARE(0, GUEST_RAM_SIZE), "a range around it");
    CHECK_STATUS(INT_STATUS_SUCCESS, DECLARE(0x20000, 0x1000), "a range right behind it");
    CHECK_STATUS(INT_STATUS_SUCCESS, DECLARE(0xF000, 0x1000), "a range right before it");
    CHECK_STATUS(INT_STATUS_SUCCESS, DECLARE(0x100000000000ull, 0x1000), "a range far up");
    CHECK_STATUS(INT_STATUS_NOT_FOUND, lib.IntRemoveGuestMemory(guest, 0x10000, 0x8000), "taking back half a range");
    CHECK_STATUS(INT_STATUS_NOT_FOUND, lib.IntRemoveGuestMemory(guest, 0xF000, 0x11000), "taking back two ranges at once");
    CHECK_STATUS(INT_STATUS_NOT_FOUND, lib.IntRemoveGuestMemory(guest, 0x30000, 0x1000), "taking back what was not given");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0x10000, 0x10000), "taking back a range");
    CHECK_STATUS(INT_STATUS_NOT_FOUND, lib.IntRemoveGuestMemory(guest, 0x10000, 0x10000), "taking it back twice");
    CHECK_STATUS(INT_STATUS_SUCCESS, DECLARE(0x12000, 0x4000), "what was taken back can be given anew");

    struct guest *other = guest_create(1);
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntDeclareGuestMemory(other, 0x12000, 0x4000, ram), "guests do not share ranges");
    CHECK_STATUS(INT_STATUS_NOT_FOUND, lib.IntRemoveGuestMemory(other, 0x20000, 0x1000), "nor take back each other's");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(other, 0x12000, 0x4000), "the other guest's range");

    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0x12000, 0x4000), "the ranges that are left");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0xF000, 0x1000), "the ranges that are left");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0x20000, 0x1000), "the ranges that are left");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0x100000000000ull, 0x1000), "the ranges that are left");

    /* There is an end to it, which is said, and nothing is lost by it. */
    unsigned given = 0;
    INTSTATUS status = INT_STATUS_SUCCESS;
    while (given < 100000 && status == INT_STATUS_SUCCESS) {
        status = DECLARE(0x2000ull * given, 0x1000);
        given += status == INT_STATUS_SUCCESS;
    }
    check(given >= 16 && (status == INT_STATUS_SUCCESS || status == INT_STATUS_INSUFFICIENT_RESOURCES),
          "very many ranges", "after %u the status is 0x%08X", given, (unsigned)status);
    check_note("%u ranges were accepted", given);
    unsigned taken = 0;
    for (unsigned i = 0; i < given; i++)
        taken += lib.IntRemoveGuestMemory(guest, 0x2000ull * i, 0x1000) == INT_STATUS_SUCCESS;
    CHECK_EQ(given, taken, "all of them were taken back");
    guest_destroy(other);
    guest_destroy(guest);
}
