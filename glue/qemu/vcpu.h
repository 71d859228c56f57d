/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The vCPUs of the machine: finding QEMU's state of each, checking it, reading and changing registers. */
#ifndef INTROCORE_QEMU_VCPU_H
#define INTROCORE_QEMU_VCPU_H

#include "introcore.h"
#include "qemu_internals.h"

#define MAX_VCPUS 64
#define PAGE_BYTES 4096u

/** One vCPU. */
typedef struct Vcpu {
    CPUState *cpu;
    QemuX86State *state; /* inside of the CPU object */
    VCPU_STATE *record;  /* the engine's, null while no guest is active */
    DWORD index;

    /* While a handler of the engine runs for this vCPU: */
    bool is_in_exit;
    QWORD set_registers; /* VCPU_REG_ bits that SET_REGISTERS has changed */

    /* Bytes that SetIntroEmulatorContext has given for this exit. */
    DWORD patch_size;
    QWORD patch_address;
    BYTE patch[64];

    /* Breakpoints without effect, set by code_watch.c on the thread of the vCPU. */
    unsigned splits;
    uint64_t split[2];
    unsigned split_attempts; /* for one address, without arriving there */

    /* The next instruction, if it is this one, is executed without asking: fetch_exit.c. */
    bool passes;
    QWORD pass_rip;

    /* The instruction of whose store a piece was written, and where its next piece would be: store_exit.c. */
    QWORD piece_rip, piece_next;

    /* Retry answers in a row, all at one RIP. */
    unsigned retries;
    QWORD retry_rip;
} Vcpu;

/**
 * Finds the register state inside of the CPU object of a new vCPU, and checks it by writing registers. Says what is wrong and
 * returns false if they are not there. Before the vCPU runs; after vcpu_fields_resolve. Once: further calls
 * do nothing.
 */
bool vcpu_locate(DWORD index);

/** Compares what vcpu_locate found with QEMU's own dump of the vCPU. The vCPU must be stopped. Logs the first difference. */
bool vcpu_verify(const Vcpu *vcpu);

/** Number of vCPUs that vcpu_locate has seen. */
DWORD vcpu_count(void);

/** A vCPU by number; null if there is none. */
Vcpu *vcpu_get(DWORD index);

/** The vCPU that the calling thread runs; null on other threads. */
Vcpu *vcpu_current(void);

/** All registers but the descriptor tables and DR7; FLAGS are exact. Cheap. */
void vcpu_read_registers(const Vcpu *vcpu, IG_ARCH_REGS *registers);

/** Base and limit of IDT and GDT. */
void vcpu_read_tables(const Vcpu *vcpu, IG_ARCH_REGS *registers);

QWORD vcpu_read_dr7(const Vcpu *vcpu);
QWORD vcpu_read_efer(const Vcpu *vcpu);
QWORD vcpu_read_xcr0(const Vcpu *vcpu);

/** Model-specific registers. False for one that QEMU has in no known place; for writing, also for one whose change does more
 *  than store a value. */
bool vcpu_knows_msr(DWORD msr);
bool vcpu_read_msr(const Vcpu *vcpu, DWORD msr, QWORD *value);
bool vcpu_write_msr(Vcpu *vcpu, DWORD msr, QWORD value);

/** A register by its number in QEMU's debugger interface. */
QWORD vcpu_read_gdb(const Vcpu *vcpu, int number);

/** The six segment registers in the engine's order: CS SS DS ES FS GS. */
void vcpu_read_segments(const Vcpu *vcpu, VCPU_SEGMENT segments[6]);

/** IG_CS_TYPE of the code that runs. */
DWORD vcpu_cs_type(const Vcpu *vcpu);

/** RIP with the base of CS, as it is outside of 64-bit code. */
QWORD vcpu_linear_rip(const Vcpu *vcpu);

/** Current privilege level. */
DWORD vcpu_cpl(const Vcpu *vcpu);

/**
 * Sets the registers that mask (VCPU_REG_ bits) names: general-purpose registers, RIP and FLAGS. The vCPU must be stopped, or
 * leave its block of translated code right afterwards: such code keeps registers of its own. Returns the bits that it could
 * not set.
 */
QWORD vcpu_write_registers(Vcpu *vcpu, const IG_ARCH_REGS *registers, QWORD mask);

/** Moves RIP past an instruction; to be left as above. */
void vcpu_skip(Vcpu *vcpu, unsigned length);

/** How a store came about. */
typedef enum StoreOrigin {
    STORE_BY_INSTRUCTION, /* registers are now those before the instruction; the instruction can be left */
    STORE_INSIDE,         /* the same, but QEMU is in the middle of something else (a page walk): it cannot be left */
    STORE_OUTSIDE         /* not from translated code (delivery of an interrupt): registers are as they are */
} StoreOrigin;

/** What vcpu_restore has changed. */
typedef struct RestoredState {
    uint64_t rip;
    uint32_t cc_op;
} RestoredState;

/**
 * Makes the registers those before the instruction that is storing: translated code does not keep RIP up to date.
 * before receives what has to be put back before that code goes on.
 */
StoreOrigin vcpu_restore(Vcpu *vcpu, RestoredState *before);

/** The same for a read: whether it is that of an instruction, which can be left. QEMU notes no place when it reads code or the
 *  tables of its own accord, and the registers are as they are then. */
bool vcpu_restore_read(Vcpu *vcpu, RestoredState *before);

/** The same in a callback before an instruction, by its return address into translated code. False if QEMU does not know the
 *  place; then nothing has changed. */
bool vcpu_restore_at(Vcpu *vcpu, uintptr_t return_address, RestoredState *before);

/** Puts back what these have changed. */
void vcpu_put_back(Vcpu *vcpu, const RestoredState *before);

/** Runs the parts of the walk that are slow the first time. */
void vcpu_restore_warm_up(void);

#endif
