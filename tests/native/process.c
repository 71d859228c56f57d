/* SPDX-License-Identifier: MIT */
/**
 * process.c - what the library does to the process that loads it: signal handlers that are installed later, the stack that a
 * call takes, memory and address space; arguments, report and exit code as groups.h says.
 */
#include "groups.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static PFUNC_IntPhysMemMapToHost map_with; /* null: the fake's own */
static PFUNC_IntPhysMemUnmap unmap_with;

static bool start(struct guest **guest)
{
    if (!group_load())
        return false;
    host_fill(&glue, &upper);
    if (map_with != NULL) {
        glue.PhysMemMapToHost = map_with;
        glue.PhysMemUnmap = unmap_with;
    }
    lib.IntPreinit();
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntInit(&glue, &upper), "the engine initialises");
    *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    return *guest != NULL;
}

static void finish(struct guest *guest)
{
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
    guest_destroy(guest);
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
}

static bool blocks(struct guest *guest)
{
    return guest_store8(guest, 0, GATE_GLA(3), GATE_GPA(3), 0xB10C).action == introGuestNotAllowed;
}

/* ---- chain: a host's handler that was installed after the library's, and passes on what is not its own --------------- */

static struct sigaction former;
static volatile sig_atomic_t passed_on;
static void *forbidden_page;
static bool forbidden_now;

static void passing_on(int number, siginfo_t *info, void *context)
{
    passed_on++;
    if (former.sa_flags & SA_SIGINFO)
        former.sa_sigaction(number, info, context);
    else
        former.sa_handler(number);
}

static INTSTATUS forbidden_map(void *handle, QWORD gpa, DWORD length, DWORD flags, void **pointer)
{
    INTSTATUS status = fake_map(handle, gpa, length, flags, pointer);
    if (forbidden_now && status == INT_STATUS_SUCCESS)
        *pointer = forbidden_page;
    return status;
}

static INTSTATUS forbidden_unmap(void *handle, void **pointer)
{
    if (*pointer != forbidden_page)
        return fake_unmap(handle, pointer);
    *pointer = NULL;
    return INT_STATUS_SUCCESS;
}

static void chain(void)
{
    struct guest *guest;
    struct sigaction action;

    forbidden_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map_with = forbidden_map;
    unmap_with = forbidden_unmap;
    if (!start(&guest))
        return;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = passing_on;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    CHECK_EQ(0, sigaction(SIGSEGV, &action, &former), "the host installs a handler of its own");
    forbidden_now = true;
    CHECK(blocks(guest), "a store whose target cannot be read is blocked");
    CHECK(passed_on > 0, "the host's handler saw the fault and passed it on");
    forbidden_now = false;
    int before = passed_on;
    CHECK(blocks(guest), "the engine goes on working");
    CHECK_EQ(before, passed_on, "without faults of its own");
    finish(guest);
}

/* ---- stack: how much of it an exit with its alert takes ----------------------------------------------------------------- */

#define STACK_ROOM (1u << 20)
#define PAINT 0xA5

static void *on_painted_stack(void *context)
{
    struct guest *guest = context;
    bool fine = true;

    for (unsigned i = 0; i < 50; i++)
        fine = fine && blocks(guest);
    fine = fine && lib.IntGuestReset(guest) == INT_STATUS_SUCCESS && blocks(guest);
    return fine ? context : NULL;
}

static void stack(void)
{
    struct guest *guest;
    pthread_attr_t attributes;
    pthread_t thread;
    void *result = NULL;
    unsigned char *room = mmap(NULL, STACK_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t unused = 0;

    if (!start(&guest))
        return;
    memset(room, PAINT, STACK_ROOM);
    pthread_attr_init(&attributes);
    CHECK_EQ(0, pthread_attr_setstack(&attributes, room, STACK_ROOM), "a stack whose use can be seen");
    CHECK_EQ(0, pthread_create(&thread, &attributes, on_painted_stack, guest), "a thread on it");
    pthread_join(thread, &result);
    CHECK(result != NULL, "exits with alerts, and a reset, on that thread");
    while (unused < STACK_ROOM && room[unused] == PAINT)
        unused++;
    check_note("stack used: %zu bytes, promised: %u", STACK_ROOM - unused, INTROCORE_MIN_STACK);
    check(2 * (STACK_ROOM - unused) <= INTROCORE_MIN_STACK, "half of the smallest stack is enough", "%zu bytes were used",
          STACK_ROOM - unused);
    finish(guest);
}

/* ---- bounds: what loading and working adds to the process ---------------------------------------------------------------- */

/** A line of /proc/self/status, in KiB. */
static long status_kib(const char *name)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            sscanf(line + strlen(name), ": %ld", &value);
    }
    if (file != NULL)
        fclose(file);
    return value;
}

static void bounds(void)
{
    struct guest *guest = guest_create(1);
    long size = status_kib("VmSize"), resident = status_kib("VmRSS"), threads = status_kib("Threads");

    guest_destroy(guest);
    if (!start(&guest))
        return;
    for (unsigned i = 0; i < 2000; i++)
        blocks(guest);
    size = status_kib("VmSize") - size;
    resident = status_kib("VmRSS") - resident;
    check_note("address space: %ld KiB, resident: %ld KiB, promised: %llu and %llu KiB", size, resident,
               INTROCORE_MAX_ADDRESS_SPACE >> 10, INTROCORE_TYPICAL_RESIDENT >> 10);
    check(size > 0 && (QWORD)size << 10 <= INTROCORE_MAX_ADDRESS_SPACE, "the address space is bounded", "%ld KiB", size);
    check((QWORD)resident << 10 <= INTROCORE_TYPICAL_RESIDENT, "the resident memory is bounded", "%ld KiB", resident);
    CHECK_EQ(threads + 1, status_kib("Threads"), "one more thread");
    finish(guest);
}

/* Each loads the library by itself: what was there before counts. */
static const struct group groups[] = {{"chain", chain, false}, {"stack", stack, false}, {"bounds", bounds, false}};

int main(int count, char **arguments)
{
    return groups_main(groups, sizeof groups / sizeof groups[0], count, arguments);
}
