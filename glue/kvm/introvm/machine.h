/* SPDX-License-Identifier: MIT */
/** A VM with the guest in it: the least that a VMM is. */
#ifndef INTROVM_MACHINE_H
#define INTROVM_MACHINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/layout.h"
#include "introcore.h"
#include "introcore_kvm.h"

/** Tables and routines of the guest: the header of its image. */
typedef struct GuestHeader {
    uint64_t start, level4, interrupts, tested_entries, forms;
#define ROUTINE(name) uint64_t name;
#include "guest/routines.h"
#undef ROUTINE
} GuestHeader;

/** The last alert, and how many there were. */
typedef struct AlertLog {
    atomic_uint count, of_stores, of_msrs, of_others;
    _Atomic uint32_t event_class, cpl, gate, msr;
    _Atomic uint64_t rip, flags;
    _Atomic uint32_t action, size;
    uint64_t old_value, new_value; /* the first eight bytes */
} AlertLog;

typedef struct MachineVcpu {
    int fd;
    struct kvm_run *run;
    size_t run_size;
} MachineVcpu;

typedef struct Machine {
    int kvm, vm;
    uint8_t *ram; /* GUEST_RAM_SIZE bytes from guest-physical 0 on */
    const GuestHeader *header;
    IntroKvm *guest;
    unsigned vcpu_count;
    MachineVcpu vcpus[GUEST_VCPUS];
    bool has_avx, has_xsave; /* and they are on in the guest */
    AlertLog alerts;
} Machine;

/** How a run of a vCPU ended. */
typedef enum Ending {
    ENDING_READY,    /* the guest wants the next command */
    ENDING_FAULT,    /* an exception that was not expected */
    ENDING_TIME,     /* it took too long, and can be run on */
    ENDING_INTERNAL, /* KVM cannot emulate an instruction */
    ENDING_OTHER     /* said in a note */
} Ending;

/** Makes a VM whose vCPUs all are ready for a command, not protected yet. Says what fails. */
bool machine_create(Machine *machine, unsigned vcpus, uint64_t options, uint64_t guards);
void machine_destroy(Machine *machine);

/** Runs a vCPU on, on this thread, at most for some milliseconds. */
Ending machine_run(Machine *machine, unsigned vcpu, unsigned milliseconds);

/** A member of a vCPU's mailbox. */
volatile uint64_t *machine_box(Machine *machine, unsigned vcpu, unsigned member);

/** Registers for a routine, and after it. */
typedef struct Call {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, flags;
} Call;

/** Lets a vCPU that is ready run a routine. */
Ending machine_call(Machine *machine, unsigned vcpu, uint64_t routine, Call *call);

/** What a run that should have ended READY ended with. */
const char *ending_name(Ending ending);

/** The most that a routine takes. */
#define PATIENCE 10000

#endif
