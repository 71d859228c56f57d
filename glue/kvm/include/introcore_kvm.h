/* SPDX-License-Identifier: MIT */
/**
 * introcore_kvm.h - the introspection engine under the guests of a VMM that uses /dev/kvm (x86-64).
 *
 * The VMM keeps its VM, vCPUs, threads and devices. It says so once, and changes two calls:
 *
 *   introkvm_load(path)                              once a process: loads libintrocore.so
 *   introkvm_create(kvm, vm, &config, &guest)        after KVM_CREATE_VM, before any memory is given
 *   introkvm_set_memory(guest, &region)              instead of ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region)
 *   introkvm_add_vcpu(guest, index, vcpu, run)       after KVM_CREATE_VCPU and the mmap of its kvm_run
 *   introkvm_run(guest, index)                       instead of ioctl(vcpu, KVM_RUN, 0)
 *   introkvm_start(guest), introkvm_stop(guest)      when the kernel is up; before the memory goes
 *   introkvm_destroy(guest)
 *
 * What becomes the library's: the VM's memory slots and its MSR filter; KVM_CAP_EXIT_ON_EMULATION_FAILURE and
 * KVM_CAP_X86_USER_SPACE_MSR of the VM (the VMM may enable them, too, with the same arguments or more reasons);
 * kvm_valid_regs, kvm_dirty_regs and the registers of each kvm_run; KVM_SET_GUEST_DEBUG while an instruction is stepped. The
 * VMM must not give pages in its own address space of system management mode (slots from 65536 on), nor ask for dirty logging.
 *
 * Results. Functions return 0, or -1 with errno set, as ioctl does; the log says why.
 *
 * Threads. introkvm_run: on the thread of the vCPU. Everything else: on any thread but from within the callbacks below, and
 * for one guest by one thread at a time, except introkvm_device_store, introkvm_capabilities and introkvm_statistics, which any
 * number may call. The kick signal (config.kick_signal) is unblocked in every thread that runs a vCPU; its handler does nothing.
 *
 * Ownership. A pointer that is passed in is used during the call alone, except kvm_run and the host memory of a region, which
 * stay the VMM's and have to stay mapped until introkvm_destroy, or introkvm_set_memory with size 0, has returned.
 */
#ifndef INTROCORE_KVM_H
#define INTROCORE_KVM_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One guest: a VM with the engine under it. */
typedef struct IntroKvm IntroKvm;

/** vCPUs a guest at most. */
#define INTROKVM_MAX_VCPUS 256u

/** Regions of memory a guest at most, as the engine's. */
#define INTROKVM_MAX_REGIONS 64u

/** What this host's KVM lets the library do. What is missing is not offered to the engine, which then looks on its timer, or
 *  reports that it does not protect. Reads, execution and writes to CR, XCR, IDTR and GDTR never exit on KVM. */
#define INTROKVM_WRITE_TRAPS 0x01u       /* stores to a page of RAM, before they land (KVM_CAP_READONLY_MEM) */
#define INTROKVM_PAGE_TABLE_WRITES 0x02u /* that page may hold page tables: shadow paging alone (kvm_amd npt=0, kvm_intel ept=0) */
#define INTROKVM_MSR_WRITES 0x04u        /* WRMSR, before it happens (KVM_CAP_X86_MSR_FILTER) */
#define INTROKVM_INJECTION 0x08u         /* exceptions, with acknowledgement */
#define INTROKVM_SINGLE_STEP 0x10u       /* one instruction alone, interrupts held back (KVM_CAP_SET_GUEST_DEBUG2) */
#define INTROKVM_STEPS_STORES 0x20u      /* stores that KVM cannot emulate are stepped and judged by what they changed */

/** Configuration of a guest. */
typedef struct IntroKvmConfig {
    size_t size;      /* sizeof(IntroKvmConfig); members beyond it count as 0 */
    uint64_t options; /* INTRO_OPT_ bits of introcore.h */
    uint64_t guards;  /* INTRO_GUARD_ bits */
    int kick_signal;  /* takes a vCPU out of the guest; 0: SIGUSR2. The library installs a handler for it */

    /** An alert of the engine: introEventEptViolation and the like, and the structure of introcore.h that belongs to it, which is
     *  valid during the call. May be null. On any thread; no function of this header may be called but introkvm_statistics. */
    void (*alert)(void *context, uint32_t event_class, const void *event, size_t size);
    void *context;
} IntroKvmConfig;

/** Counts since introkvm_create. */
typedef struct IntroKvmStatistics {
    uint64_t stores;        /* told to the engine: by an exit, or by a step */
    uint64_t stores_denied; /* of these: did not land */
    uint64_t late_stores;   /* came after the page was given back, and landed */
    uint64_t steps;         /* instructions that were stepped since KVM could not emulate them */
    uint64_t stuck;         /* instructions that KVM could not get past, and that were stepped */
    uint64_t msr_writes;
    uint64_t msr_writes_denied;
    uint64_t injections;     /* exceptions that were delivered as asked for */
    uint64_t injections_lost; /* not delivered: the guest's own exception came first */
    uint64_t timer_calls;
    uint64_t stops;         /* times that all vCPUs were taken out of the guest */
    uint64_t slot_changes;  /* memory slots that were deleted or created */
} IntroKvmStatistics;

/**
 * Loads libintrocore.so and initialises it; once a process, before the first guest. log is given each line of the library and the
 * engine, without its end, on any thread, and may be null. The library stays loaded for ever. EALREADY: it is loaded; ENOENT, ENOEXEC: it
 * cannot be loaded, or is none of this version; EIO: the engine refused.
 */
int introkvm_load(const char *path, void (*log)(const char *line));

/** Lets the engine go. Guests have to be destroyed before. EBUSY: an exit is still being handled. Then introkvm_load may be called
 *  again. */
int introkvm_unload(void);

/**
 * Makes a guest of a VM. kvm: the descriptor of /dev/kvm; both stay the caller's and open until introkvm_destroy. EINVAL: config;
 * ENOTSUP: this KVM lacks KVM_CAP_SYNC_REGS or KVM_CAP_IMMEDIATE_EXIT; ENODEV: nothing is loaded.
 */
int introkvm_create(int kvm, int vm, const IntroKvmConfig *config, IntroKvm **guest);

/** Stops protection and forgets the guest. Its slots stay as they are, with all rights given back. No vCPU may be in introkvm_run. */
void introkvm_destroy(IntroKvm *guest);

/**
 * KVM_SET_USER_MEMORY_REGION. region->slot is a name of the VMM's choice: the library takes slots of its own, one for each run of pages
 * that are guarded or not. Flags: 0 or KVM_MEM_READONLY, which is not RAM to the engine. Changing a region is deleting and making
 * it. While its vCPUs run, they are stopped for the time of the change. EEXIST, EINVAL, ENOSPC, ENOTSUP, or what KVM says.
 */
int introkvm_set_memory(IntroKvm *guest, const struct kvm_userspace_memory_region *region);

/** Makes a vCPU known: indices in the order 0, 1, 2, ... Not while the guest is protected (EBUSY). */
int introkvm_add_vcpu(IntroKvm *guest, unsigned index, int vcpu, struct kvm_run *run);

/**
 * Protects the guest by what config asks for. Its vCPUs are to have their tables loaded: the engine takes what it finds for right. They
 * may be running or not yet; they are stopped meanwhile. EIO: the engine refused; EALREADY.
 */
int introkvm_start(IntroKvm *guest);

/** Ends protection; all rights are given back. 0 also when there was none. EBUSY: an exit is still being handled; call again. */
int introkvm_stop(IntroKvm *guest);

/** The guest was reset or restored, or another kernel took over: the engine starts over. ENOENT: it is not protected; EBUSY: call
 *  again. */
int introkvm_reset(IntroKvm *guest);

/**
 * KVM_RUN. Exits that belong to the engine are handled inside and the guest entered again; all others come back as from
 * KVM_RUN, to be completed by the next call. EINTR may come without a signal of the VMM's: after a stop, after a step. EIO: the
 * guest's memory slots are lost; do not run it again.
 */
int introkvm_run(IntroKvm *guest, unsigned index);

/**
 * Stores for a device of the VMM's, which writes guest memory without KVM: asks the engine where a page is guarded, then writes what it
 * allows. EPERM: it did not allow some of it, which was left out; EFAULT: some of it is no RAM of the guest, nothing was
 * written.
 */
int introkvm_device_store(IntroKvm *guest, uint64_t gpa, const void *data, size_t size);

/** INTROKVM_ bits. */
uint32_t introkvm_capabilities(const IntroKvm *guest);

/** Fills what of *statistics size bytes hold. */
void introkvm_statistics(const IntroKvm *guest, IntroKvmStatistics *statistics, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* INTROCORE_KVM_H */
