// SPDX-License-Identifier: MIT
// The life of a guest: made, protected, let go.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cpuid.h"
#include "engine.h"
#include "log.h"
#include "vm.h"

#define MAX_ATTEMPTS 100 /* to end something that is in use */

static int fail(int error)
{
    errno = error;
    return -1;
}

/* ---- what KVM can do ------------------------------------------------------------------------------------------------ */

/** Whether a module's parameter says no: "N" or "0". */
static bool is_off(const char *path)
{
    char text[4] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);

    if (file >= 0)
        close(file);
    return length > 0 && (text[0] == 'N' || text[0] == '0');
}

static bool enable(const IntroKvm *vm, __u32 capability, __u64 argument)
{
    struct kvm_enable_cap request = {.cap = capability, .args = {argument}};

    return ioctl(vm->vm_fd, KVM_ENABLE_CAP, &request) == 0;
}

static int extension(const IntroKvm *vm, int capability)
{
    int value = ioctl(vm->vm_fd, KVM_CHECK_EXTENSION, capability);

    return value < 0 ? 0 : value;
}

static uint32_t find_capabilities(IntroKvm *vm)
{
    uint32_t found = INTROKVM_INJECTION;

    if (extension(vm, KVM_CAP_READONLY_MEM))
        found |= INTROKVM_WRITE_TRAPS;
    // With NPT or EPT the processor's own page walks would store to such a page.
    if ((found & INTROKVM_WRITE_TRAPS) &&
        (is_off("/sys/module/kvm_amd/parameters/npt") || is_off("/sys/module/kvm_intel/parameters/ept")))
        found |= INTROKVM_PAGE_TABLE_WRITES;
    if (msr_filter_prepare(vm))
        found |= INTROKVM_MSR_WRITES;
    if (extension(vm, KVM_CAP_SET_GUEST_DEBUG2) & KVM_GUESTDBG_BLOCKIRQ)
        found |= INTROKVM_SINGLE_STEP;
    if ((found & INTROKVM_SINGLE_STEP) && enable(vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 1))
        found |= INTROKVM_STEPS_STORES;
    return found;
}

/* ---- made ----------------------------------------------------------------------------------------------------------- */

static void on_kick(int signal)
{
    (void)signal; // coming out of the guest is all
}

static int install_kick(int signal)
{
    struct sigaction action = {.sa_handler = on_kick, .sa_flags = SA_RESTART};

    return sigaction(signal, &action, NULL);
}

static void dispose(IntroKvm *vm)
{
    timer_dispose(vm);
    for (DWORD i = 0; i < vm->vcpu_count; i++) {
        pthread_mutex_destroy(&vm->vcpus[i]->presence.lock);
        free(vm->vcpus[i]);
    }
    msr_filter_dispose(vm);
    memory_dispose(vm);
    gate_dispose(&vm->gate);
    free(vm);
}

int introkvm_create(int kvm, int vm_fd, const IntroKvmConfig *config, IntroKvm **guest)
{
    IntroKvm *vm;

    if (!engine.is_ready)
        return fail(ENODEV);
    if (!config || !guest || config->size < offsetof(IntroKvmConfig, guards))
        return fail(EINVAL);
    vm = calloc(1, sizeof *vm);
    if (!vm)
        return fail(ENOMEM);
    vm->kvm_fd = kvm;
    vm->vm_fd = vm_fd;
    memcpy(&vm->config, config, config->size < sizeof vm->config ? config->size : sizeof vm->config);
    if (!vm->config.kick_signal)
        vm->config.kick_signal = SIGUSR2;
    gate_prepare(&vm->gate);
    timer_prepare(vm);
    vm->capabilities = find_capabilities(vm);
    vm->xsave_size = (DWORD)extension(vm, KVM_CAP_XSAVE2);
    if (!vm->xsave_size)
        vm->xsave_size = sizeof(struct kvm_xsave);
    if (!memory_prepare(vm) || install_kick(vm->config.kick_signal) != 0) {
        int error = errno;

        dispose(vm);
        return fail(error);
    }
    if ((extension(vm, KVM_CAP_SYNC_REGS) & KVM_SYNC_X86_VALID_FIELDS) != KVM_SYNC_X86_VALID_FIELDS ||
        !extension(vm, KVM_CAP_IMMEDIATE_EXIT)) {
        log_error("this KVM lacks KVM_CAP_SYNC_REGS or KVM_CAP_IMMEDIATE_EXIT: Linux 4.17 or later is needed");
        dispose(vm);
        return fail(ENOTSUP);
    }
    *guest = vm;
    return 0;
}

void introkvm_destroy(IntroKvm *vm)
{
    int result = -1;

    if (!vm)
        return;
    for (int i = 0; i < MAX_ATTEMPTS && result != 0; i++)
        result = introkvm_stop(vm);
    if (result == 0)
        dispose(vm);
    else
        log_error("a guest is in use and cannot be let go: its memory is lost"); // the engine may still ask about it
}

/* ---- protected ------------------------------------------------------------------------------------------------------ */

/** Tells a failed call of the engine. */
static bool succeeded(const char *what, INTSTATUS status)
{
    if (INT_SUCCESS(status))
        return true;
    log_error("%s failed: %s; the guest is not protected", what, engine.IntStatusToString(status));
    return false;
}

/** Tells the engine of all RAM, or takes all of it back. */
static bool declare_all(IntroKvm *vm, bool declare)
{
    const RegionList *list = atomic_load(&vm->memory.regions);
    bool is_done = true;

    for (DWORD i = 0; i < list->count; i++) {
        Region *region = list->items[i];

        if (region->is_ram && region->is_declared != declare)
            is_done &= declare ? memory_declare(vm, region) : memory_withdraw(vm, region);
    }
    return is_done;
}

static bool give_records(IntroKvm *vm)
{
    void *base;
    DWORD stride, count;

    if (!succeeded("IntGetVcpuRecords", engine.IntGetVcpuRecords(vm, &base, &stride, &count)))
        return false;
    if (count < vm->vcpu_count || stride < sizeof(VCPU_STATE)) {
        log_error("the engine has %u records of %u bytes; %u of %zu are needed", count, stride, vm->vcpu_count, sizeof(VCPU_STATE));
        return false;
    }
    for (DWORD i = 0; i < vm->vcpu_count; i++)
        atomic_store(&vm->vcpus[i]->given_record, (VCPU_STATE *)((char *)base + (size_t)i * stride));
    return true;
}

int introkvm_start(IntroKvm *vm)
{
    bool has_page_tables = vm->capabilities & INTROKVM_PAGE_TABLE_WRITES, is_done;
    INTRO_GUEST_CONFIG config = {
        .Size = sizeof config,
        .StoreCompletion = introCompletionData,
        .Flags = INTRO_GUEST_APPLIES_DIRTY_MASK | (has_page_tables ? 0 : INTRO_GUEST_NO_PAGE_TABLES),
        .Guards = vm->config.guards,
    };

    if (vm->is_started)
        return fail(EALREADY);
    if (!vm->vcpu_count)
        return fail(EINVAL);
    if (!timer_start(vm))
        return -1;
    gate_close(vm);
    vm->is_started = true;
    config.PhysicalAddressBits = cpuid_physical_address_bits(vm->vcpus[0]);
    is_done = declare_all(vm, true) && succeeded("IntConfigureGuest", engine.IntConfigureGuest(vm, &config)) &&
              succeeded("NewGuestNotification", engine.glue.NewGuestNotification(vm, vm->config.options, NULL, 0)) &&
              give_records(vm);
    gate_open(vm);
    if (is_done)
        return 0;
    introkvm_stop(vm);
    return fail(EIO);
}

int introkvm_stop(IntroKvm *vm)
{
    INTSTATUS status = INT_STATUS_CANNOT_UNLOAD;

    if (!vm->is_started)
        return 0;
    // Exits from now on find no record; those that have one are waited for, since it is about to go.
    for (DWORD i = 0; i < vm->vcpu_count; i++)
        atomic_store(&vm->vcpus[i]->given_record, NULL);
    gate_wait_for_exits(vm);
    for (int i = 0; i < MAX_ATTEMPTS && status == INT_STATUS_CANNOT_UNLOAD; i++)
        status = engine.glue.DisableIntro(vm, 0);
    if (!INT_SUCCESS(status)) {
        log_error("DisableIntro failed: %s", engine.IntStatusToString(status));
        return fail(EBUSY);
    }
    if (!declare_all(vm, false))
        return fail(EBUSY);
    vm->is_started = false;
    return 0;
}

int introkvm_reset(IntroKvm *vm)
{
    INTSTATUS status = INT_STATUS_CANNOT_UNLOAD;

    if (!vm->is_started)
        return fail(ENOENT);
    for (int i = 0; i < MAX_ATTEMPTS && status == INT_STATUS_CANNOT_UNLOAD; i++)
        status = engine.IntGuestReset(vm);
    return succeeded("IntGuestReset", status) ? 0 : fail(EBUSY);
}

/* ---- beside --------------------------------------------------------------------------------------------------------- */

uint32_t introkvm_capabilities(const IntroKvm *vm)
{
    return vm->capabilities;
}

void introkvm_statistics(const IntroKvm *vm, IntroKvmStatistics *statistics, size_t size)
{
    const Counters *counters = &vm->counters;
    IntroKvmStatistics all = {
        .stores = atomic_load(&counters->stores),
        .stores_denied = atomic_load(&counters->stores_denied),
        .late_stores = atomic_load(&counters->late_stores),
        .steps = atomic_load(&counters->steps),
        .stuck = atomic_load(&counters->stuck),
        .msr_writes = atomic_load(&counters->msr_writes),
        .msr_writes_denied = atomic_load(&counters->msr_writes_denied),
        .injections = atomic_load(&counters->injections),
        .injections_lost = atomic_load(&counters->injections_lost),
        .timer_calls = atomic_load(&counters->timer_calls),
        .stops = atomic_load(&counters->stops),
        .slot_changes = atomic_load(&counters->slot_changes),
    };

    memcpy(statistics, &all, size < sizeof all ? size : sizeof all);
}
