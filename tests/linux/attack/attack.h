// SPDX-License-Identifier: MIT
#pragma once

#include <linux/types.h>

/** A kind of attack: does it, and says before and afterwards what the kernel log is to tell. */
struct kind {
	const char *name;
	int (*run)(const char *name);
};

extern const struct kind gate_kinds[], both_kinds[], control_kinds[], lstar_kinds[], lidt_kinds[], call_kinds[],
	read_kinds[], forms_kinds[], handover_kinds[];

/* ---- parameters of the module -------------------------------------------------------------------------------------- */

extern unsigned int vector, hold_ms, stores;
extern unsigned long frame;

/* ---- main.c -------------------------------------------------------------------------------------------------------- */

/** Where a redirected gate or system call would lead. Never run. */
void attacker_entry(void);

/** Spends the time for which a change is to stay in place; interrupts are off. */
void hold(void);

/** What the attack has come to, in the words that whoever reads the log looks for. */
const char *verdict(bool blocked);

/* ---- vectors.c: gates of the interrupt descriptor table ------------------------------------------------------------ */

#define GATE_SIZE 16u
#define STORE_SIZE 8u

/** A store's target: memory of the interrupt descriptor table. */
struct target {
	void *idt;			/* where the CPU reads the bytes */
	void *alias;			/* our own writable mapping of them */
	phys_addr_t gpa;
};

/** Maps the bytes at an offset from the gate; refuses if one of the gates that a store there touches is in use. */
int target_map(struct target *target, unsigned int number, unsigned int gates, unsigned int offset);

/** Maps the bytes at a guest-physical address, wherever that is. */
int target_map_frame(struct target *target, phys_addr_t gpa);

void target_unmap(struct target *target);

/** The lower half of the gate, leading to attacker_entry(). */
u64 redirected(u64 old);

u64 read_bytes(const void *from);

extern const char attack_mov_rip[];
void store_mov(void *target, u64 value);
