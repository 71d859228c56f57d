// SPDX-License-Identifier: MIT
// A VM with the guest in it.

#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define CR0 0x80050033ull /* PG AM WP NE ET MP PE */
#define CR4_PAE_AND_SSE 0x620ull
#define CR4_OSXSAVE 0x40000ull
#define EFER 0xD01ull /* NXE LMA LME SCE */
#define XCR0_AVX 7ull
#define CPUID_ENTRIES 128
#define TICK 20000000l /* nanoseconds between two looks at the clock */
#define TICK_SIGNAL SIGUSR1

extern const uint8_t image_start[], image_end[];

const char *ending_name(Ending ending)
{
    static const char *const names[] = {"ready", "an exception", "out of time", "an instruction that KVM cannot emulate", "other"};

    return names[ending];
}

/* ---- alerts -------------------------------------------------------------------------------------------------------- */

static void note_write(AlertLog *log, const INTRO_VIOLATION_HEADER *header, const INTRO_WRITE_INFO *info, DWORD cs_type)
{
    (void)cs_type;
    atomic_store(&log->rip, header->CpuContext.Rip);
    atomic_store(&log->flags, header->Flags);
    atomic_store(&log->action, header->Action);
    atomic_store(&log->size, info->Size);
    log->old_value = info->OldValue[0];
    log->new_value = info->NewValue[0];
}

static void on_alert(void *context, uint32_t event_class, const void *event, size_t size)
{
    AlertLog *log = context;

    (void)size;
    atomic_store(&log->event_class, event_class);
    if (event_class == introEventEptViolation) {
        const EVENT_EPT_VIOLATION *violation = event;

        note_write(log, &violation->Header, &violation->u.WriteInfo, violation->ExecContext.CsType);
        atomic_store(&log->gate, violation->Victim.IdtEntry);
        atomic_fetch_add(&log->of_stores, 1);
    } else if (event_class == introEventMsrViolation) {
        const EVENT_MSR_VIOLATION *violation = event;

        note_write(log, &violation->Header, &violation->WriteInfo, violation->ExecContext.CsType);
        atomic_store(&log->msr, violation->Victim.Msr);
        atomic_fetch_add(&log->of_msrs, 1);
    } else {
        if (event_class == introEventCrViolation) {
            const EVENT_CR_VIOLATION *violation = event;

            note_write(log, &violation->Header, &violation->WriteInfo, violation->ExecContext.CsType);
        }
        atomic_fetch_add(&log->of_others, 1);
    }
    atomic_fetch_add(&log->count, 1);
}

/* ---- making it ----------------------------------------------------------------------------------------------------- */

static bool complain(const char *what)
{
    check(false, "%s: %s", what, strerror(errno));
    return false;
}

static struct kvm_segment flat(unsigned type, unsigned selector)
{
    return (struct kvm_segment){.limit = 0xFFFFFFFF, .selector = (__u16)selector, .present = 1, .type = (__u8)type, .s = 1, .g = 1};
}

static bool set_registers(Machine *machine, unsigned index)
{
    const MachineVcpu *vcpu = &machine->vcpus[index];
    struct kvm_regs registers = {.rip = machine->header->start, .rflags = 2, .rdi = index,
                                 .rsp = GUEST_STACKS + index * GUEST_STACK_SIZE + 0x2000};
    struct kvm_xcrs xcrs = {.nr_xcrs = 1, .xcrs = {{.xcr = 0, .value = XCR0_AVX}}};
    struct kvm_sregs special;

    if (ioctl(vcpu->fd, KVM_GET_SREGS, &special) != 0)
        return false;
    special.cs = flat(11, SELECTOR_KERNEL_CODE);
    special.cs.l = 1;
    special.ds = special.es = special.fs = special.gs = special.ss = flat(3, SELECTOR_KERNEL_DATA);
    special.ss.db = 1;
    special.gs.base = GUEST_MAILBOX + index * 0x1000;
    special.cr0 = CR0;
    special.cr3 = machine->header->level4;
    special.cr4 = CR4_PAE_AND_SSE | (machine->has_xsave ? CR4_OSXSAVE : 0);
    special.efer = EFER;
    if (ioctl(vcpu->fd, KVM_SET_SREGS, &special) != 0)
        return complain("KVM_SET_SREGS");
    if (ioctl(vcpu->fd, KVM_SET_REGS, &registers) != 0)
        return complain("KVM_SET_REGS");
    return !machine->has_avx || ioctl(vcpu->fd, KVM_SET_XCRS, &xcrs) == 0 || complain("KVM_SET_XCRS");
}

/** The processor as KVM has it. */
static bool set_cpuid(Machine *machine, unsigned index)
{
    struct kvm_cpuid2 *list = calloc(1, sizeof *list + CPUID_ENTRIES * sizeof *list->entries);
    bool is_done;

    if (!list)
        return false;
    list->nent = CPUID_ENTRIES;
    is_done = ioctl(machine->kvm, KVM_GET_SUPPORTED_CPUID, list) == 0 &&
              ioctl(machine->vcpus[index].fd, KVM_SET_CPUID2, list) == 0;
    for (__u32 i = 0; is_done && i < list->nent; i++)
        if (list->entries[i].function == 1) {
            machine->has_xsave = list->entries[i].ecx >> 26 & 1;
            machine->has_avx = machine->has_xsave && (list->entries[i].ecx >> 28 & 1);
        }
    free(list);
    return is_done;
}

static bool create_vcpu(Machine *machine, unsigned index)
{
    MachineVcpu *vcpu = &machine->vcpus[index];
    int size = ioctl(machine->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

    vcpu->fd = ioctl(machine->vm, KVM_CREATE_VCPU, index);
    if (vcpu->fd < 0 || size < 0)
        return false;
    vcpu->run_size = (size_t)size;
    vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
    if (vcpu->run == MAP_FAILED) {
        vcpu->run = NULL;
        return false;
    }
    machine->vcpu_count++;
    return (set_cpuid(machine, index) || complain("KVM_SET_CPUID2")) && set_registers(machine, index) &&
           introkvm_add_vcpu(machine->guest, index, vcpu->fd, vcpu->run) == 0;
}

static bool create_memory(Machine *machine)
{
    struct kvm_userspace_memory_region region = {.slot = 0, .memory_size = GUEST_RAM_SIZE};

    machine->ram = mmap(NULL, GUEST_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (machine->ram == MAP_FAILED) {
        machine->ram = NULL;
        return false;
    }
    memcpy(machine->ram + GUEST_IMAGE, image_start, (size_t)(image_end - image_start));
    machine->header = (const GuestHeader *)(const void *)(machine->ram + GUEST_IMAGE);
    region.userspace_addr = (uintptr_t)machine->ram;
    return introkvm_set_memory(machine->guest, &region) == 0;
}

bool machine_create(Machine *machine, unsigned vcpus, uint64_t options, uint64_t guards)
{
    IntroKvmConfig config = {.size = sizeof config, .options = options, .guards = guards, .alert = on_alert,
                             .context = &machine->alerts};

    memset(machine, 0, sizeof *machine);
    machine->vm = -1;
    machine->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (machine->kvm < 0)
        return complain("/dev/kvm");
    machine->vm = ioctl(machine->kvm, KVM_CREATE_VM, 0);
    if (machine->vm < 0)
        return complain("KVM_CREATE_VM");
    if (introkvm_create(machine->kvm, machine->vm, &config, &machine->guest) != 0)
        return complain("introkvm_create");
    if (!create_memory(machine))
        return complain("the guest's memory");
    for (unsigned i = 0; i < vcpus; i++) {
        Ending ending;

        if (!create_vcpu(machine, i))
            return complain("a vCPU");
        ending = machine_run(machine, i, PATIENCE);
        if (ending != ENDING_READY)
            return check(false, "vCPU %u comes up: %s", i, ending_name(ending));
    }
    return true;
}

void machine_destroy(Machine *machine)
{
    introkvm_destroy(machine->guest);
    for (unsigned i = 0; i < machine->vcpu_count; i++) {
        munmap(machine->vcpus[i].run, machine->vcpus[i].run_size);
        close(machine->vcpus[i].fd);
    }
    if (machine->vm >= 0)
        close(machine->vm);
    if (machine->kvm >= 0)
        close(machine->kvm);
    if (machine->ram)
        munmap(machine->ram, GUEST_RAM_SIZE);
}

/* ---- running it ---------------------------------------------------------------------------------------------------- */

static void on_tick(int signal)
{
    (void)signal; // KVM_RUN ends with EINTR, and the clock is looked at
}

/** A timer that takes this thread out of KVM_RUN now and then. */
static bool start_ticks(timer_t *timer)
{
    struct sigaction action = {.sa_handler = on_tick};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = TICK_SIGNAL};
    const struct itimerspec period = {.it_value = {.tv_nsec = TICK}, .it_interval = {.tv_nsec = TICK}};

    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    return sigaction(TICK_SIGNAL, &action, NULL) == 0 && timer_create(CLOCK_MONOTONIC, &event, timer) == 0 &&
           timer_settime(*timer, 0, &period, NULL) == 0;
}

static uint64_t milliseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static Ending describe_exit(const MachineVcpu *vcpu, unsigned index)
{
    const struct kvm_run *run = vcpu->run;

    if (run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT && run->io.port == PORT_READY)
        return ENDING_READY;
    if (run->exit_reason == KVM_EXIT_IO && run->io.port == PORT_FAULT)
        return ENDING_FAULT;
    if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR && run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
        return ENDING_INTERNAL;
    check_note("vCPU %u: exit %u, suberror %u, RIP 0x%llx, address 0x%llx", index, run->exit_reason, run->internal.suberror,
               run->s.regs.regs.rip, run->exit_reason == KVM_EXIT_MMIO ? run->mmio.phys_addr : 0);
    return ENDING_OTHER;
}

Ending machine_run(Machine *machine, unsigned vcpu, unsigned milliseconds)
{
    uint64_t end = milliseconds_now() + milliseconds;
    Ending ending = ENDING_TIME;
    timer_t timer;

    if (!start_ticks(&timer))
        return ENDING_OTHER;
    while (milliseconds_now() < end) {
        if (introkvm_run(machine->guest, vcpu) == 0) {
            ending = describe_exit(&machine->vcpus[vcpu], vcpu);
            break;
        }
        if (errno != EINTR) {
            check_note("vCPU %u: introkvm_run: %s", vcpu, strerror(errno));
            ending = ENDING_OTHER;
            break;
        }
    }
    timer_delete(timer);
    return ending;
}

volatile uint64_t *machine_box(Machine *machine, unsigned vcpu, unsigned member)
{
    return (volatile uint64_t *)(void *)(machine->ram + GUEST_MAILBOX + vcpu * 0x1000 + member);
}

Ending machine_call(Machine *machine, unsigned vcpu, uint64_t routine, Call *call)
{
    volatile uint64_t *box = machine_box(machine, vcpu, 0);
    uint64_t *const registers[] = {&call->rax, &call->rbx, &call->rcx, &call->rdx, &call->rsi, &call->rdi, &call->flags};
    Ending ending;

    box[BOX_COMMAND / 8] = routine;
    for (unsigned i = 0; i < sizeof registers / sizeof *registers; i++)
        box[BOX_RAX / 8 + i] = *registers[i];
    ending = machine_run(machine, vcpu, PATIENCE);
    for (unsigned i = 0; i < sizeof registers / sizeof *registers; i++)
        *registers[i] = box[BOX_RAX / 8 + i];
    return ending;
}
