/* SPDX-License-Identifier: MIT */
/* Guest memory that goes away under the engine, is not there, or is not what it seems. The process lives; a store whose target
   cannot be read is not let through. */
#include "bad-input.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* PhysMemMapToHost answers with pointers of this kind from now on. */
enum broken { BROKEN_TRUNCATED, BROKEN_NO_ACCESS, BROKEN_UNMAPPED, BROKEN_LOW, BROKEN_NOT_CANONICAL };

static const char *const broken_names[] = {
    "the file behind it was cut off", "it may not be read", "it is not mapped", "it is next to null", "it is not canonical",
};

static enum broken broken_kind;
static bool broken_now;
static BYTE *broken_pages;
static int broken_file;

/* Stands before the fake's own function. */
static INTSTATUS broken_map(void *handle, QWORD gpa, DWORD length, DWORD flags, void **pointer)
{
    struct guest *guest = fake_guest_of(handle, "PhysMemMapToHost");
    if (!broken_now || guest == NULL || gpa >= GUEST_RAM_SIZE)
        return fake_map(handle, gpa, length, flags, pointer);
    atomic_fetch_add(&guest->counts[COUNT_MAP], 1);
    switch (broken_kind) {
    case BROKEN_NOT_CANONICAL: *pointer = (void *)(uintptr_t)(0xDEAD000000000000ull + gpa); break;
    case BROKEN_LOW: *pointer = (void *)(uintptr_t)(0x10 + (gpa & 0xFFF)); break;
    default: *pointer = broken_pages + (gpa & 0xFFF); break;
    }
    return INT_STATUS_SUCCESS;
}

static INTSTATUS broken_unmap(void *handle, void **pointer)
{
    struct guest *guest = fake_guest_of(handle, "PhysMemUnmap");
    BYTE *at = *pointer;
    if (guest != NULL && (guest->ram > at || at >= guest->ram + GUEST_RAM_SIZE)) {
        atomic_fetch_add(&guest->counts[COUNT_UNMAP], 1);
        *pointer = NULL;
        return INT_STATUS_SUCCESS;
    }
    return fake_unmap(handle, pointer);
}

static void break_memory(enum broken kind)
{
    broken_kind = kind;
    broken_file = memfd_create("broken", 0);
    if (ftruncate(broken_file, 0x2000) != 0)
        check_note("ftruncate failed");
    broken_pages = mmap(NULL, 0x2000, PROT_READ, MAP_SHARED, broken_file, 0);
    if (kind == BROKEN_TRUNCATED && ftruncate(broken_file, 0) != 0)
        check_note("ftruncate failed");
    if (kind == BROKEN_NO_ACCESS)
        mprotect(broken_pages, 0x2000, PROT_NONE);
    if (kind == BROKEN_UNMAPPED)
        munmap(broken_pages, 0x2000);
    broken_now = true;
}

static void mend_memory(void)
{
    if (broken_kind != BROKEN_UNMAPPED)
        munmap(broken_pages, 0x2000);
    close(broken_file);
    broken_now = false;
}

/* A store with its bytes, one without, and one by a device, none of which can be compared with anything. */
static void exits_in_the_dark(struct guest *guest, const char *name)
{
    struct outcome outcome = guest_store8(guest, 0, GATE_GLA(3), GATE_GPA(3), 0xDA4C);
    check(outcome.action == introGuestNotAllowed, name, "status 0x%08X, action %d", (unsigned)outcome.status, (int)outcome.action);
    struct store store = {.rip = RIP_KERNEL(CODE_MOV8), .gla = GATE_GLA(3), .gpa = GATE_GPA(3), .size = 8};
    outcome = guest_store(guest, &store);
    check(outcome.action != introGuestAllowed && outcome.action != introGuestAllowedVirtual, name,
          "without bytes: status 0x%08X, action %d", (unsigned)outcome.status, (int)outcome.action);
    store.flags = VCPU_EXIT_NO_GLA | VCPU_EXIT_DATA, store.pushed = VCPU_REG_SUFFICIENT, store.data = "12345678";
    outcome = guest_store(guest, &store);
    check(outcome.action == introGuestNotAllowed, name, "without address: status 0x%08X, action %d", (unsigned)outcome.status,
          (int)outcome.action);
    INTRO_ACTION action = UNTOUCHED;
    INTSTATUS status = lib.IntHandleDeviceStore(guest, GATE_GPA(3), 8, "12345678", &action);
    check(action == introGuestNotAllowed, name, "device: status 0x%08X, action %d", (unsigned)status, (int)action);
}

static void one_kind(enum broken kind)
{
    struct guest *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    for (int round = 0; round < 3; round++) {
        break_memory(kind);
        exits_in_the_dark(guest, broken_names[kind]);
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntHandleTimer(guest), "a timer in the dark");
        mend_memory();
    }
    bad_finish(guest);

    guest = guest_create(1);
    break_memory(kind);
    INTSTATUS status = guest_start(guest, INTRO_OPT_PROT_KM_IDT);
    check_note("a guest in the dark: status 0x%08X", (unsigned)status);
    mend_memory();
    if (status == INT_STATUS_SUCCESS)
        CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
    CHECK(guest_is_free(guest) && guest_mapped(guest) == 0, "nothing is left behind");
    guest_destroy(guest);
}

static void no_memory_at_all(void)
{
    static const enum map_mode modes[] = {MAP_FAIL, MAP_NULL};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct guest *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
        if (guest == NULL)
            return;
        guest->map_mode = modes[i];
        exits_in_the_dark(guest, modes[i] == MAP_FAIL ? "PhysMemMapToHost fails" : "PhysMemMapToHost gives no pointer");
        bad_finish(guest);
    }
}

/* The whole file is cut off while the engine may hold pointers into it. */
static void whole_file(void)
{
    struct guest *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    guest_store8(guest, 0, GATE_GLA(3), GATE_GPA(3), 1);
    if (ftruncate(guest->ram_fd, 0) != 0)
        CHECK(false, "ftruncate");
    struct outcome outcome = guest_store(guest, &(struct store){
        .rip = RIP_KERNEL(CODE_MOV8), .gla = GATE_GLA(3), .gpa = GATE_GPA(3), .data = "12345678", .size = 8,
        .pushed = VCPU_REG_SUFFICIENT, .flags = VCPU_EXIT_DATA});
    CHECK_EQ(introGuestNotAllowed, outcome.action, "the RAM of the whole guest was cut off");
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
    CHECK(guest_is_free(guest) && guest_mapped(guest) == 0, "nothing is left behind");
    guest_destroy(guest);
}

static bool initialise_broken(void)
{
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "another table");
    host_fill(&glue, &upper);
    glue.PhysMemMapToHost = broken_map;
    glue.PhysMemUnmap = broken_unmap;
    return CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntInit(&glue, &upper), "the engine initialises");
}

void bad_memory(void)
{
    if (!initialise_broken())
        return;
    no_memory_at_all();
    whole_file();
    for (int kind = 0; kind < BROKEN_NOT_CANONICAL; kind++)
        one_kind((enum broken)kind);
}

/* A processor raises another fault for such an address, which says nothing about where it was. */
void bad_pointer(void)
{
    if (initialise_broken())
        one_kind(BROKEN_NOT_CANONICAL);
}
