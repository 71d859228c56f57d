/* SPDX-License-Identifier: MIT */
/* The additions: configuration, declared memory, records, devices. */
#include "bad-input.h"

#include <string.h>
#include <sys/mman.h>

void bad_configure(void)
{
    struct guest *guest = guest_create(1);
    struct {
        INTRO_GUEST_CONFIG known;
        BYTE surplus[64 - sizeof(INTRO_GUEST_CONFIG)];
    } config;
    memset(&config, 0, sizeof config);
    config.known.Size = sizeof config.known;
#define CONFIGURE() lib.IntConfigureGuest(guest, &config.known)
    CHECK_STATUS(INT_STATUS_SUCCESS, CONFIGURE(), "a sound configuration");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntConfigureGuest(NULL, &config.known), "no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, lib.IntConfigureGuest(guest, NULL), "no configuration");

    config.known.StoreCompletion = introCompletionData + 1;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, CONFIGURE(), "a completion that does not exist");
    config.known.StoreCompletion = 0xFFFFFFFF;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, CONFIGURE(), "a completion far off");
    config.known.StoreCompletion = introCompletionData;
    config.known.Flags = INTRO_GUEST_OTHERS_FAIL_CLOSED << 1;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, CONFIGURE(), "a flag that does not exist");
    config.known.Flags = 0x80000000;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, CONFIGURE(), "a flag far off");
    config.known.Flags = INTRO_GUEST_APPLIES_DIRTY_MASK | INTRO_GUEST_NO_PAUSE_IN_EXIT | INTRO_GUEST_NO_PAGE_TABLES |
                         INTRO_GUEST_GUARDED_FAILS_OPEN | INTRO_GUEST_OTHERS_FAIL_CLOSED;
    config.known.Guards = 1ull << 63;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, CONFIGURE(), "a guard that does not exist");
    config.known.Guards = INTRO_GUARD_CR0_WP | INTRO_GUARD_CR4_UMIP | INTRO_GUARD_EFER_NXE;
    static const QWORD bad_bits[] = {1, 31, 53, 64, 1ull << 32 | 46, ~0ull};
    for (size_t i = 0; i < sizeof bad_bits / sizeof bad_bits[0]; i++) {
        config.known.PhysicalAddressBits = bad_bits[i];
        CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, CONFIGURE(), "a width of physical addresses that no processor has");
    }
    config.known.PhysicalAddressBits = 46;
    CHECK_STATUS(INT_STATUS_SUCCESS, CONFIGURE(), "every member set");
    config.known.Flags = 0, config.known.Guards = 0, config.known.PhysicalAddressBits = 0;

    static const QWORD bad_sizes[] = {0, 1, 7, 1ull << 32, 1ull << 40, 1ull << 63, ~0ull};
    for (size_t i = 0; i < sizeof bad_sizes / sizeof bad_sizes[0]; i++) {
        config.known.Size = bad_sizes[i];
        CHECK_STATUS(INT_STATUS_INVALID_DATA_SIZE, CONFIGURE(), "a size that cannot be");
    }
    config.known.Size = 8;
    config.known.StoreCompletion = 77, config.known.Flags = 77;
    CHECK_STATUS(INT_STATUS_SUCCESS, CONFIGURE(), "a caller that knows the size alone: the rest is not looked at");
    config.known.Size = 12;
    config.known.StoreCompletion = introCompletionData;
    CHECK_STATUS(INT_STATUS_SUCCESS, CONFIGURE(), "a caller that knows the first member");
    config.known.Flags = 0;
    config.known.Size = sizeof config;
    CHECK_STATUS(INT_STATUS_SUCCESS, CONFIGURE(), "a caller of a later version whose surplus is zero");
    for (size_t i = 0; i < sizeof config.surplus; i += sizeof config.surplus - 1) {
        config.surplus[i] = 1;
        CHECK_STATUS(INT_STATUS_INVALID_DATA_SIZE, CONFIGURE(), "a caller of a later version who asks for more");
        config.surplus[i] = 0;
    }

    /* Nothing behind the size that is given may be read: the next page is not there. */
    BYTE *pages = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + 0x1000, 0x1000, PROT_NONE);
    static const QWORD sizes[] = {8, 12, 16, 24, sizeof(INTRO_GUEST_CONFIG)};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        QWORD size = sizes[i];
        INTRO_GUEST_CONFIG *edge = (INTRO_GUEST_CONFIG *)(void *)(pages + 0x1000 - size);
        memset(pages, 0, 0x1000);
        memcpy(edge, &size, sizeof size);
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntConfigureGuest(guest, edge), "a configuration that ends with its page");
    }
    munmap(pages, 0x2000);

    CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, INTRO_OPT_PROT_KM_IDT), "the guest is taken under protection");
    config.known.Size = sizeof config.known;
    CHECK_STATUS(INT_STATUS_ALREADY_INITIALIZED, CONFIGURE(), "a guest that is active already");
    bad_finish(guest);

    /* Very many guests that never come: there is an end, and IntUninit forgets them. */
    INTSTATUS status = INT_STATUS_SUCCESS;
    uintptr_t count = 0;
    while (count < 200000 && status == INT_STATUS_SUCCESS) {
        status = lib.IntConfigureGuest((void *)(0x10000 + 16 * count), &config.known);
        count += status == INT_STATUS_SUCCESS;
    }
    check(status == INT_STATUS_SUCCESS || status == INT_STATUS_INSUFFICIENT_RESOURCES, "very many configurations",
          "status 0x%08X", (unsigned)status);
    check_note("%zu configurations without a guest were accepted", (size_t)count);
    if (status != INT_STATUS_SUCCESS) {
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "IntUninit");
        CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "IntInit again");
    }
    guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest != NULL)
        bad_finish(guest);
}

void bad_declare(void)
{
    struct guest *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    BYTE *ram = guest->ram;
#define DECLARE(gpa, size, host) lib.IntDeclareGuestMemory(guest, (gpa), (size), (host))
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntDeclareGuestMemory(NULL, 0, 0x1000, ram), "declare: no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, DECLARE(1, 0x1000, ram), "declare: start not at a page");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, DECLARE(0xFFF, 0x1000, ram), "declare: start not at a page");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, DECLARE(0, 0, ram), "declare: nothing");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, DECLARE(0, 1, ram), "declare: end not at a page");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, DECLARE(0, 0x1001, ram), "declare: end not at a page");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, DECLARE(0, 0x1000, NULL), "declare: no memory");
    static const struct {
        QWORD gpa, size;
    } beyond[] = {{~0xFFFull, 0x2000}, {0x3000, ~0xFFFull - 0x1000}, {1ull << 63, (1ull << 63) + 0x1000}, {0x2000, ~0xFFFull}};
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        INTSTATUS status = DECLARE(beyond[i].gpa, beyond[i].size, ram);
        check(status == INT_STATUS_INVALID_PARAMETER_2 || status == INT_STATUS_INVALID_PARAMETER_3,
              "declare: beyond the address space", "0x%llx + 0x%llx: status 0x%08X", (unsigned long long)beyond[i].gpa,
              (unsigned long long)beyond[i].size, (unsigned)status);
    }
    CHECK_STATUS(INT_STATUS_SUCCESS, DECLARE(0, GUEST_RAM_SIZE, ram), "declare: sound after all");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntRemoveGuestMemory(NULL, 0, GUEST_RAM_SIZE), "remove: no handle");
    CHECK_STATUS(INT_STATUS_NOT_FOUND, lib.IntRemoveGuestMemory(NO_HANDLE, 0, GUEST_RAM_SIZE), "remove: unknown handle");
    static const struct {
        QWORD gpa, size;
    } never_given[] = {{0, 0}, {1, GUEST_RAM_SIZE}, {0, GUEST_RAM_SIZE - 1}, {~0ull, ~0ull}, {~0xFFFull, 0x2000}};
    for (size_t i = 0; i < sizeof never_given / sizeof never_given[0]; i++) {
        INTSTATUS status = lib.IntRemoveGuestMemory(guest, never_given[i].gpa, never_given[i].size);
        check(status == INT_STATUS_NOT_FOUND || status == INT_STATUS_INVALID_PARAMETER_2 ||
                  status == INT_STATUS_INVALID_PARAMETER_3, "remove: what can never have been given",
              "0x%llx + 0x%llx: status 0x%08X", (unsigned long long)never_given[i].gpa,
              (unsigned long long)never_given[i].size, (unsigned)status);
    }
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE), "remove: sound after all");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntFlushGuestMemory(NULL, 0, GUEST_RAM_SIZE), "flush: no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, lib.IntFlushGuestMemory(guest, 8, 0x1000), "flush: start not at a page");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, lib.IntFlushGuestMemory(guest, 0, 0), "flush: nothing");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, lib.IntFlushGuestMemory(guest, ~0xFFFull, 0x2000), "flush: beyond the end");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntFlushGuestMemory(NO_HANDLE, 0, GUEST_RAM_SIZE), "flush: unknown handle");
    bad_finish(guest);
}

void bad_records(void)
{
    struct guest *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    void *base = NULL;
    DWORD stride = 0, count = 0;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntGetVcpuRecords(NULL, &base, &stride, &count), "records: no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, lib.IntGetVcpuRecords(guest, NULL, &stride, &count), "records: no base");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, lib.IntGetVcpuRecords(guest, &base, NULL, &count), "records: no stride");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, lib.IntGetVcpuRecords(guest, &base, &stride, NULL), "records: no count");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntGetVcpuRecords(NO_HANDLE, &base, &stride, &count), "records: no guest");
    CHECK(base == NULL && stride == 0 && count == 0, "records: nothing was written on an error");

    /* Rubbish in the glue's part of the record. */
    for (unsigned pattern = 0; pattern < 256; pattern += 51) {
        VCPU_STATE *record = guest_record(guest, 0);
        memset(&record->EptpIndex, (int)pattern, sizeof record->EptpIndex);
        memset(&record->Regs, (int)pattern, offsetof(VCPU_STATE, AllowOnExecRip) - offsetof(VCPU_STATE, Regs));
        memset(&record->PushedMask, (int)pattern, sizeof record->PushedMask);
        memset(&record->ExitFlags, (int)pattern, offsetof(VCPU_STATE, StoreRip) - offsetof(VCPU_STATE, ExitFlags));
        INTRO_ACTION action = UNTOUCHED;
        lib.IntHandleEptViolation(guest, GATE_GPA(3), 0, GATE_GLA(3), 0, &action, IG_EPT_HOOK_WRITE);
        check(action != introGuestAllowed && action != introGuestAllowedVirtual, "a record full of rubbish never lets a store through",
              "pattern 0x%02x: action %d", pattern, (int)action);
    }
    bad_finish(guest);
}

void bad_device(void)
{
    struct guest *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    BYTE data[64];
    memset(data, 0x3C, sizeof data);
    INTRO_ACTION action = UNTOUCHED;
#define DEVICE(handle, gpa, size, bytes) (action = UNTOUCHED, lib.IntHandleDeviceStore((handle), (gpa), (size), (bytes), &action))
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, DEVICE(NULL, GPA_IDT, 8, data), "device: no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, DEVICE(guest, GPA_IDT, 0, data), "device: nothing");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, DEVICE(guest, GPA_IDT, 65, data), "device: 65 bytes");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, DEVICE(guest, GPA_IDT, 0xFFFFFFFF, data), "device: 4 GiB");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, DEVICE(guest, GPA_IDT, 8, NULL), "device: no bytes");
    bad_action(action, "device: no bytes: action");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_5, lib.IntHandleDeviceStore(guest, GPA_IDT, 8, data, NULL), "device: no action");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, DEVICE(NO_HANDLE, GPA_IDT, 8, data), "device: unknown handle");
    CHECK_EQ(introGuestAllowed, action, "device: unknown handle: allowed");
    CHECK_EQ(0, guest->alert_count, "device: no alert so far");

    static const QWORD edges[] = {~0ull, ~0ull - 62, ~0ull - 63, 1ull << 63, GUEST_RAM_SIZE - 1, GUEST_RAM_SIZE, 1ull << 52};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        INTSTATUS status = DEVICE(guest, edges[i], 64, data);
        bool refused = status == INT_STATUS_INVALID_PARAMETER_2 || status == INT_STATUS_INVALID_PARAMETER_3;
        check(refused || ((INT_SUCCESS(status) || status == INT_STATUS_NOT_FOUND) && action == introGuestAllowed),
              "device: at the edges of the address space", "0x%llx: status 0x%08X, action %d", (unsigned long long)edges[i],
              (unsigned)status, (int)action);
    }
    CHECK_STATUS(INT_STATUS_SUCCESS, DEVICE(guest, GATE_GPA(4), 64, data), "device: sound after all");
    CHECK_EQ(introGuestNotAllowed, action, "device: blocked");

    /* Only the bytes that are given may be read. */
    BYTE *pages = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + 0x1000, 0x1000, PROT_NONE);
    CHECK_STATUS(INT_STATUS_SUCCESS, DEVICE(guest, GATE_GPA(5), 3, pages + 0xFFD), "device: three bytes at the end of a page");
    CHECK_EQ(introGuestNotAllowed, action, "device: three bytes: blocked");
    munmap(pages, 0x2000);
    bad_finish(guest);
}

void bad_exit_data(void)
{
    static const DWORD sizes[] = {0, 65, 0x1000, 0x80000000, 0xFFFFFFFF};
    struct guest *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    BYTE data[64];
    memset(data, 0xA7, sizeof data);
    guest->cpus[0].regs.Rdi = GATE_GLA(8), guest->cpus[0].regs.Rsi = 0xA7A7A7A7A7A7A7A7ull;
    struct store store = {.rip = RIP_KERNEL(CODE_MOV8), .gla = GATE_GLA(8), .gpa = GATE_GPA(8), .data = data,
                          .pushed = VCPU_REG_SUFFICIENT};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        store.flags = VCPU_EXIT_DATA, store.size = sizes[i];
        struct outcome outcome = guest_store(guest, &store);
        check(outcome.action != introGuestAllowed && outcome.action != introGuestAllowedVirtual,
              "a size of the exit's data that cannot be never lets a store through", "size %u: status 0x%08X, action %d", sizes[i],
              (unsigned)outcome.status, (int)outcome.action);
        CHECK_EQ(0, guest_record(guest, 0)->ExitFlags, "the flags are cleared after that");
    }
    /* 64 bytes that leave the table's frame, and the end of the address space. */
    store.size = 64, store.flags = VCPU_EXIT_DATA, store.gpa = GPA_IDT + 0xFF8, store.gla = GLA_IDT + 0xFF8;
    CHECK_EQ(introGuestNotAllowed, guest_store(guest, &store).action, "64 bytes over the end of the table's frame");
    store.gpa = ~0ull - 3, store.gla = ~0ull - 3;
    struct outcome outcome = guest_store(guest, &store);
    check(outcome.action != introGuestNotAllowed, "64 bytes over the end of the address space", "status 0x%08X, action %d",
          (unsigned)outcome.status, (int)outcome.action);
    /* Flags that do not exist, and a mask of all registers while only rubbish is in the record. */
    store.gpa = GATE_GPA(8), store.gla = GATE_GLA(8), store.size = 8;
    store.flags = 0xFFFFFFF8u | VCPU_EXIT_DATA;
    CHECK_EQ(introGuestNotAllowed, guest_store(guest, &store).action, "flags that do not exist");
    store.flags = VCPU_EXIT_DATA, store.pushed = ~0ull;
    CHECK_EQ(introGuestNotAllowed, guest_store(guest, &store).action, "registers that do not exist");
    bad_finish(guest);
}
