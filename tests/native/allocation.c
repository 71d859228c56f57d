/* SPDX-License-Identifier: MIT */
/**
 * allocation.c - `allocation LIBRARY`: exits of every kind allocate nothing on the managed heap. LIBRARY is the variant for tests,
 * which exports IntTestAllocatedBytes(): the managed bytes that the calling thread has allocated so far. The first rounds warm up. The
 * watch of a page, which that variant sets, is tried as well: a change that is not allowed does not land.
 */
#include <dlfcn.h>
#include <string.h>

#include "check.h"
#include "fake-hypervisor.h"

#define WARM_ROUNDS 500
#define ROUNDS 6000 /* of 20 calls each: more than 100,000 */
#define GPA_USER_TABLE 0xC000ull /* its first entry leads to GLA_USER_CODE */

typedef INTRO_ACTION judge_change(void *context, DWORD vcpu, QWORD linear, QWORD before, QWORD after);

static uint64_t (*allocated_bytes)(void);
static INTSTATUS (*hook_translation)(void *guest, DWORD mode, QWORD cr3, QWORD linear, judge_change *judge, void *context);
static unsigned calls, changes;
static INTRO_ACTION verdict = introGuestAllowed;

static INTRO_ACTION allow_change(void *context, DWORD vcpu, QWORD linear, QWORD before, QWORD after)
{
    (void)context, (void)vcpu, (void)linear, (void)before, (void)after;
    changes++;
    return verdict;
}

/* Does what a guest may do; each call of the engine is counted. */
static void round_of_exits(struct guest *guest, unsigned number)
{
    unsigned gate = number % 250;
    QWORD same, value = number;
    INTRO_ACTION action;
    memcpy(&same, guest->ram + GATE_GPA(gate), 8);

    /* pushed, with data: blocked with an alert, the same bytes, not guarded */
    guest_store8(guest, 0, GATE_GLA(gate), GATE_GPA(gate), ~same);
    guest_store8(guest, 0, GATE_GLA(gate), GATE_GPA(gate), same);
    guest_store8(guest, 1, GLA_KERNEL + GPA_DATA, GPA_DATA, value);
    calls += 3;

    /* nothing pushed: queries, values from registers */
    struct store store = {.cpu = 1, .rip = RIP_KERNEL(CODE_MOV8), .gla = GATE_GLA(gate), .gpa = GATE_GPA(gate), .data = &same,
                          .size = 8};
    guest->cpus[1].regs.Rdi = store.gla, guest->cpus[1].regs.Rsi = same;
    guest_store(guest, &store);
    guest->cpus[1].regs.Rsi = ~same, store.data = NULL;
    calls += 1 + guest_store(guest, &store).exits;

    /* no linear address, other instructions, code that cannot be read, an exit past its instruction */
    store = (struct store){.rip = RIP_KERNEL(CODE_MOVUPS), .gla = GATE_GLA(gate), .gpa = GATE_GPA(gate), .data = "0123456789abcdef",
                           .size = 16, .pushed = VCPU_REG_SUFFICIENT, .flags = VCPU_EXIT_DATA | VCPU_EXIT_NO_GLA};
    guest->cpus[0].regs.Rdi = store.gla;
    guest_store(guest, &store);
    store.flags = VCPU_EXIT_DATA, store.size = 1;
    for (unsigned i = 0; i < 4; i++, store.gpa++, store.gla++)
        guest_store(guest, &store);
    store.rip = GLA_UNMAPPED;
    guest_store(guest, &store);
    store.rip = RIP_KERNEL(CODE_NOP), store.flags = VCPU_EXIT_DATA | VCPU_EXIT_RIP_RETIRED;
    guest_store(guest, &store);
    calls += 7;

    /* an entry of a page table that is watched: another frame, other accessed and dirty bits */
    QWORD entry = ((number & 1) != 0 ? GPA_DATA : GPA_USER_CODE) | 0x67;
    guest_store8(guest, 0, GLA_KERNEL + GPA_USER_TABLE, GPA_USER_TABLE, entry);
    guest_store8(guest, 0, GLA_KERNEL + GPA_USER_TABLE, GPA_USER_TABLE, entry ^ 0x60);
    calls += 2;

    /* devices, the timer, and exits that nobody asked for */
    lib.IntHandleDeviceStore(guest, GATE_GPA(gate), 8, &value, &action);
    lib.IntHandleDeviceStore(guest, GPA_DATA, 8, &value, &action);
    lib.IntHandleTimer(guest);
    lib.IntHandleMsrViolation(guest, 0x10, IG_MSR_HOOK_WRITE, &action, 0, &value, 0);
    lib.IntHandleCrWrite(guest, 4, 0, 0x20, 0x20, &action);
    lib.IntHandleBreakpoint(guest, GPA_CODE, 0);
    calls += 6;
}

int main(int count, char **arguments)
{
    const char *missing = NULL;
    if (count != 2)
        return 2;
    bool loaded = library_open(&lib, arguments[1], &missing);
    if (!check(loaded, "the test variant of the library loads", "%s", missing != NULL ? missing : ""))
        return check_end();
    void *symbol = dlsym(lib.handle, "IntTestAllocatedBytes");
    if (!CHECK(symbol != NULL, "it tells what was allocated"))
        return check_end();
    memcpy(&allocated_bytes, &symbol, sizeof symbol);
    symbol = dlsym(lib.handle, "IntTestHookTranslation");
    if (!CHECK(symbol != NULL, "it watches translations"))
        return check_end();
    memcpy(&hook_translation, &symbol, sizeof symbol);

    uint64_t start = allocated_bytes();
    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "the engine initialises");
    for (int mode = 0; mode < 2; mode++) {
        struct guest *guest = guest_create(2);
        guest->declare = mode == 0;
        if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, INTRO_OPT_PROT_KM_IDT), "a guest is taken under protection"))
            return check_end();
        CHECK_STATUS(INT_STATUS_SUCCESS,
                     hook_translation(guest, INTRO_PAGING_4LEVEL, GPA_PML4, GLA_USER_CODE, allow_change, NULL), "a page is watched");
        CHECK(allocated_bytes() > start, "initialising and starting allocate, so that the count is a true one");
        for (unsigned i = 0; i < WARM_ROUNDS; i++)
            round_of_exits(guest, i);
        calls = changes = 0;
        unsigned alerts = guest->alert_count;
        uint64_t before = allocated_bytes();
        for (unsigned i = 0; i < ROUNDS; i++)
            round_of_exits(guest, i);
        uint64_t after = allocated_bytes();
        CHECK(calls >= 100000, "100,000 exits or more");
        CHECK_EQ(ROUNDS, changes, "each change of the watched page was judged");

        /* what is judged is what happens */
        QWORD entry, other = (GPA_STACK | 0x67);
        verdict = introGuestNotAllowed;
        memcpy(&entry, guest->ram + GPA_USER_TABLE, sizeof entry);
        guest_store8(guest, 0, GLA_KERNEL + GPA_USER_TABLE, GPA_USER_TABLE, other);
        CHECK_EQ(0, memcmp(&entry, guest->ram + GPA_USER_TABLE, sizeof entry), "a change that is not allowed does not land");
        verdict = introGuestAllowed;
        guest_store8(guest, 0, GLA_KERNEL + GPA_USER_TABLE, GPA_USER_TABLE, other);
        CHECK_EQ(0, memcmp(&other, guest->ram + GPA_USER_TABLE, sizeof other), "one that is allowed does");
        check(after == before, mode == 0 ? "not a byte, memory declared" : "not a byte, memory mapped",
              "%llu bytes in %u calls", (unsigned long long)(after - before), calls);
        check_note("%u calls, %u alerts, %llu bytes", calls, guest->alert_count - alerts, (unsigned long long)(after - before));
        CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
        guest_destroy(guest);
    }
    /* Above, most alerts fell to the limit of what one guest may cause. Here each of them reaches the glue. */
    struct guest *guest = guest_create(1);
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, INTRO_OPT_PROT_KM_IDT), "a guest is taken under protection");
    guest_store8(guest, 0, GATE_GLA(0), GATE_GPA(0), 1);
    guest_store8(guest, 0, GATE_GLA(1), GATE_GPA(1), 1);
    uint64_t before = allocated_bytes();
    for (unsigned i = 2; i < 22; i++)
        guest_store8(guest, 0, GATE_GLA(i), GATE_GPA(i), 1);
    uint64_t after = allocated_bytes();
    CHECK_EQ(22, guest->alert_count, "every alert reached the glue");
    check(after == before, "not a byte for an alert", "%llu bytes", (unsigned long long)(after - before));
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
    guest_destroy(guest);
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
    CHECK_EQ(0, host_errors, "the engine kept to the rules of the boundary");
    return check_end();
}
