/* SPDX-License-Identifier: MIT */
/* Mappings that the engine keeps: that it does, that it gives them back, and that it lives on when one is pulled away. */
#include "drive.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS 5000 /* stores of a vCPU at least, and until there were */
#define FLUSHES 20
#define MOST_KEPT 512

static struct guest *start_fresh(unsigned cpus)
{
    struct guest *guest = guest_create(cpus);
    guest->map_mode = MAP_FRESH; /* a pointer that is used after PhysMemUnmap leads to nothing */
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest whose memory is mapped"))
        return guest;
    guest_destroy(guest);
    return NULL;
}

/* A store that is blocked, whose instruction is read through mappings: that it is right is checked. */
static void blocked_store(struct guest *guest, unsigned gate, const char *name)
{
    QWORD value = 0x4D41500000000000ull + gate;
    struct store store = drive_gate_store(guest, 0, gate, &value);
    store.pushed = 0;
    const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, name);
    check(strncmp(event->Header.CpuContext.Instruction, "48 89 37  ", 10) == 0, name, "the instruction is \"%.128s\"",
          event->Header.CpuContext.Instruction);
}

void drive_kept_mappings(void)
{
    struct guest *guest = start_fresh(1);
    if (guest == NULL)
        return;
    blocked_store(guest, 1, "a first store");
    unsigned maps = guest->counts[COUNT_MAP];
    int mapped = guest_mapped(guest);
    CHECK(mapped > 0 && mapped <= MOST_KEPT, "mappings are kept, and not too many");
    for (unsigned i = 2; i < 8; i++)
        blocked_store(guest, i, "a store that needs the same pages");
    CHECK_EQ(maps, guest->counts[COUNT_MAP], "nothing was mapped twice");

    /* One page, then all of them. */
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntFlushGuestMemory(guest, GPA_CODE, 0x1000), "the page of code is flushed");
    CHECK_EQ(mapped - 1, guest_mapped(guest), "and is not mapped any more");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntFlushGuestMemory(guest, GPA_CODE, 0x1000), "once more");
    CHECK_EQ(mapped - 1, guest_mapped(guest), "there was nothing more to it");
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.FlushGpaCache(guest), "the whole guest is flushed");
    CHECK_EQ(0, guest_mapped(guest), "and nothing is mapped any more");
    blocked_store(guest, 8, "a store after that");
    CHECK(guest_mapped(guest) > 0 && guest_mapped(guest) <= mapped, "its pages alone are mapped anew");

    maps = guest->counts[COUNT_MAP];
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntGuestReset(guest), "the guest starts over");
    CHECK(guest->counts[COUNT_UNMAP] >= maps, "everything from before was given back");
    CHECK_EQ(guest->counts[COUNT_MAP], guest->counts[COUNT_UNMAP] + (unsigned)guest_mapped(guest), "the books are right");
    blocked_store(guest, 9, "a store after that");
    drive_finish(guest);

    /* Where all is declared, nothing is mapped. */
    guest = guest_create(1);
    guest->declare = true;
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest whose memory is declared"))
        return;
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.FlushGpaCache(guest), "a flush of nothing");
    CHECK_EQ(0, guest->counts[COUNT_MAP], "nothing was mapped");
    guest->declare = false;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE), "taken back");
    drive_finish(guest);
}

static void pulled_away(struct guest *guest, QWORD gpa, int file, const char *name)
{
    unsigned maps = guest->counts[COUNT_MAP];
    unsigned broken = guest_break_mappings(guest, gpa, file);
    /* One that was pulled away before may still wait for the end of the next exit. */
    check(broken == 1 || broken == 2, name, "the page was kept in %u mappings", broken);
    blocked_store(guest, 10, name);
    CHECK_EQ(maps + 1, guest->counts[COUNT_MAP], "the page alone was mapped anew");
}

void drive_broken_mappings(void)
{
    struct guest *guest = start_fresh(1);
    if (guest == NULL)
        return;
    int empty = memfd_create("empty", 0);
    for (int round = 0; round < 3; round++) {
        blocked_store(guest, 1, "before the page goes");
        int mapped = guest_mapped(guest);
        pulled_away(guest, GPA_CODE, -1, "the page of code was unmapped");
        pulled_away(guest, GPA_CODE, empty, "the file behind the page of code was cut off");
        pulled_away(guest, GPA_PML4, -1, "the page of the root table was unmapped");
        pulled_away(guest, GPA_PML4, empty, "the file behind the root table was cut off");
        pulled_away(guest, GPA_IDT, -1, "the guarded page was unmapped");
        check(guest_mapped(guest) <= mapped + 1, "what was pulled away was given back", "%d mappings became %d", mapped,
              guest_mapped(guest));
    }

    /* The page does not come back: the store is judged in the dark, and the process lives. */
    guest->map_mode = MAP_FAIL;
    guest_break_mappings(guest, GPA_CODE, -1);
    guest_break_mappings(guest, GPA_IDT, empty);
    QWORD value = 0xDA4C;
    struct store store = drive_gate_store(guest, 0, 11, &value);
    struct outcome outcome = guest_store(guest, &store);
    CHECK_STATUS(INT_STATUS_SUCCESS, outcome.status, "a store whose pages are gone for good");
    CHECK_EQ(introGuestNotAllowed, outcome.action, "is not allowed");
    guest->map_mode = MAP_FRESH;
    blocked_store(guest, 12, "when they are back");
    close(empty);
    drive_finish(guest);
}

static atomic_uint firing, flushed;

struct fire {
    struct guest *guest;
    unsigned cpu, wrong;
    atomic_uint stores;
};

static void *fire(void *context)
{
    struct fire *fire = context;
    struct guest *guest = fire->guest;
    host_current_cpu = fire->cpu;
    for (unsigned i = 0; i < ROUNDS || (atomic_load(&flushed) < FLUSHES && i < 200 * ROUNDS); i++) {
        QWORD value = i | 1ull << 40;
        struct store store = drive_gate_store(guest, fire->cpu, i & 0xFF, &value);
        store.pushed = i % 2 ? PUSH_ALL : 0;
        struct outcome outcome = guest_store(guest, &store);
        fire->wrong += outcome.status != INT_STATUS_SUCCESS || outcome.action != introGuestNotAllowed;
        atomic_fetch_add(&fire->stores, 1);
    }
    atomic_fetch_sub(&firing, 1);
    return NULL;
}

void drive_flush_under_fire(void)
{
    struct guest *guest = start_fresh(2);
    if (guest == NULL)
        return;
    struct fire fires[2] = {{guest, 0, 0, 0}, {guest, 1, 0, 0}};
    pthread_t threads[2];
    atomic_store(&firing, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, fire, &fires[i]);

    unsigned busy = 0, wrong = 0;
    for (unsigned i = 0; atomic_load(&firing) > 0; i++) {
        unsigned stores = fires[i % 2].stores;
        INTSTATUS status = i % 3 ? lib.IntFlushGuestMemory(guest, GPA_CODE, 0x1000) : glue.FlushGpaCache(guest);
        atomic_fetch_add(&flushed, status == INT_STATUS_SUCCESS);
        busy += status == INT_STATUS_BUSY;
        wrong += status != INT_STATUS_SUCCESS && status != INT_STATUS_BUSY;

        /* Something is to be mapped between two flushes. */
        while (atomic_load(&firing) > 0 && fires[i % 2].stores == stores)
            sched_yield();
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(0, wrong, "a flush is done, or busy");
    CHECK(flushed >= FLUSHES, "enough were done");
    CHECK_EQ(0, fires[0].wrong + fires[1].wrong, "every store was judged as it should be");
    CHECK(guest->counts[COUNT_MAP] > 2 * FLUSHES, "pages were mapped anew again and again");
    CHECK(guest_mapped(guest) <= MOST_KEPT, "mappings do not pile up");
    check_note("%u flushes done, %u busy, %u pages mapped", (unsigned)flushed, busy, (unsigned)guest->counts[COUNT_MAP]);
    drive_finish(guest);
}
