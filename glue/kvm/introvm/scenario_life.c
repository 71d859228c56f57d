// SPDX-License-Identifier: MIT
// Protection that starts, stops and starts over; stores of devices; memory that comes and goes; many guarded pages.

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"
#include "engine.h"
#include "scenarios.h"
#include "vcpu_thread.h"

#define ROUNDS 5u
#define MORE_MEMORY 0x1000000ull
#define MORE_SIZE 0x400000ull
#define EVIL 0xBADull

/** Whether the kernel's store to the interrupt table lands. */
static bool store_lands_in_table(Machine *machine, uint64_t value)
{
    uint64_t gpa = machine->header->interrupts + 16 * 100, before, after;
    Call call = {.rax = value, .rdi = gpa};
    Ending ending;

    memcpy(&before, machine->ram + gpa, sizeof before);
    ending = machine_call(machine, 0, machine->header->routine_store, &call);
    memcpy(&after, machine->ram + gpa, sizeof after);
    if (ending != ENDING_READY)
        check(false, "the store ended %s", ending_name(ending));
    return before != after;
}

static void start_and_stop(Machine *machine)
{
    bool is_good = true;

    for (unsigned i = 0; i < ROUNDS && is_good; i++)
        is_good = introkvm_start(machine->guest) == 0 && !store_lands_in_table(machine, EVIL + i) &&
                  introkvm_stop(machine->guest) == 0 && store_lands_in_table(machine, EVIL + i);
    check(is_good, "protection starts and stops %u times, and protects in between alone", ROUNDS);
}

static void start_over(Machine *machine)
{
    check(introkvm_reset(machine->guest) == -1 && errno == ENOENT, "without protection nothing starts over");
    check(introkvm_start(machine->guest) == 0 && introkvm_start(machine->guest) == -1 && errno == EALREADY, "a start is one start");
    check(introkvm_reset(machine->guest) == 0 && !store_lands_in_table(machine, EVIL + 99), "it starts over, and protects");
    check(introkvm_add_vcpu(machine->guest, 2, -1, machine->vcpus[0].run) == -1 && errno == EBUSY,
          "no vCPU can join while the guest is protected");
}

/** As the vCPU runs, so that it has to be stopped for the change. */
static void start_while_running(Machine *machine)
{
    VcpuThread thread = {.machine = machine, .vcpu = 1, .routine = machine->header->routine_spin};
    bool is_good = true;

    *machine_box(machine, 1, BOX_STOP) = 0;
    if (!vcpu_thread_start(&thread))
        return;
    for (unsigned i = 0; i < ROUNDS && is_good; i++)
        is_good = introkvm_stop(machine->guest) == 0 && introkvm_start(machine->guest) == 0 &&
                  vcpu_thread_moves(machine, 1, BOX_COUNT) && !store_lands_in_table(machine, EVIL + 200 + i);
    *machine_box(machine, 1, BOX_STOP) = 1;
    vcpu_thread_join(&thread);
    check(is_good && thread.ending == ENDING_READY, "it starts over %u times under a vCPU that runs", ROUNDS);
}

static void store_by_device(Machine *machine)
{
    uint64_t gpa = machine->header->interrupts + 16 * 50, before, after, value = EVIL;
    unsigned alerts = atomic_load(&machine->alerts.of_stores);

    memcpy(&before, machine->ram + gpa, sizeof before);
    check(introkvm_device_store(machine->guest, gpa, &value, sizeof value) == -1 && errno == EPERM, "a device's store to the table");
    memcpy(&after, machine->ram + gpa, sizeof after);
    check(before == after && atomic_load(&machine->alerts.of_stores) == alerts + 1, "does not land, and is told");
    check(introkvm_device_store(machine->guest, GUEST_PLAIN + 0xFFC, &value, sizeof value) == 0 &&
              machine->ram[GUEST_PLAIN + 0xFFC] == (EVIL & 0xFF),
          "one to pages that nobody guards lands");
    check(introkvm_device_store(machine->guest, GUEST_RAM_SIZE - 4, &value, sizeof value) == -1 && errno == EFAULT,
          "one that leaves the memory is refused");
}

static void change_memory(Machine *machine)
{
    void *more = mmap(NULL, MORE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region region = {.slot = 7, .guest_phys_addr = MORE_MEMORY, .memory_size = MORE_SIZE,
                                                 .userspace_addr = (uintptr_t)more};
    uint64_t value = 42;

    check(introkvm_set_memory(machine->guest, &region) == 0 &&
              introkvm_device_store(machine->guest, MORE_MEMORY + 0x1000, &value, sizeof value) == 0 &&
              ((uint8_t *)more)[0x1000] == 42,
          "memory comes while the guest is protected");
    region.slot = 8;
    check(introkvm_set_memory(machine->guest, &region) == -1 && errno == EEXIST, "but not twice at one place");
    region.slot = 7;
    region.memory_size = 0;
    check(introkvm_set_memory(machine->guest, &region) == 0 &&
              introkvm_device_store(machine->guest, MORE_MEMORY + 0x1000, &value, sizeof value) == -1,
          "and goes");
    munmap(more, MORE_SIZE);
    region = (struct kvm_userspace_memory_region){.slot = 9, .guest_phys_addr = MORE_MEMORY, .memory_size = 0x1000,
                                                  .userspace_addr = (uintptr_t)machine->ram, .flags = KVM_MEM_LOG_DIRTY_PAGES};
    check(introkvm_set_memory(machine->guest, &region) == -1 && errno == ENOTSUP, "dirty logging is refused");
}

static double milliseconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) * 1e3 + (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

/** As the engine guards: page by page, then one flush. */
static void guard_many(Machine *machine)
{
    const unsigned first = 0x200, count = 500;
    struct timespec begin, between, end;
    bool is_good = true;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (unsigned i = 0; i < count; i++)
        is_good &= INT_SUCCESS(engine.glue.SetEPTPageProtection(machine->guest, 0, (first + 2 * i) * 4096ull, 1, 0, 1));
    is_good &= INT_SUCCESS(engine.glue.FlushEPTPermissions(machine->guest));
    clock_gettime(CLOCK_MONOTONIC, &between);
    for (unsigned i = 0; i < count; i++)
        is_good &= INT_SUCCESS(engine.glue.SetEPTPageProtection(machine->guest, 0, (first + 2 * i) * 4096ull, 1, 1, 1));
    is_good &= INT_SUCCESS(engine.glue.FlushEPTPermissions(machine->guest));
    clock_gettime(CLOCK_MONOTONIC, &end);
    check(is_good, "%u scattered pages are guarded with one flush, and given back with one", count);
    check_note("%u scattered pages: %.1f ms to guard, %.1f ms to give back", count, milliseconds_between(&begin, &between),
               milliseconds_between(&between, &end));
    check(engine.glue.SetEPTPageProtection(machine->guest, 0, 0x100000, 0, 1, 1) == INT_STATUS_NOT_SUPPORTED &&
              engine.glue.SetEPTPageProtection(machine->guest, 0, 0x100000, 1, 1, 0) == INT_STATUS_NOT_SUPPORTED &&
              !engine.glue.RegisterCrWriteHandler && !engine.glue.RegisterDtrHandler && !engine.glue.RegisterXcrWriteHandler,
          "what KVM does not trap is not offered: reads, execution, CR, XCR, IDTR and GDTR");
}

void scenario_life(void)
{
    Machine machine;

    if (machine_create(&machine, 2, INTRO_OPT_PROT_KM_IDT, 0)) {
        start_and_stop(&machine);
        start_over(&machine);
        store_by_device(&machine);
        change_memory(&machine);
        guard_many(&machine);
        start_while_running(&machine);
        check(introkvm_stop(machine.guest) == 0 && introkvm_stop(machine.guest) == 0, "protection stops, once");
    }
    machine_destroy(&machine);
}
