// SPDX-License-Identifier: MIT
// One store to an unused gate of the interrupt descriptor table, by different instructions.

#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "attack.h"

/* ---- the instructions that attack: one each, with its address known ----------------------------------------------- */

extern const char attack_xor_rip[], attack_or_rip[];

static noinline __noclone void store_xor(void *target, u64 value)
{
	asm volatile("attack_xor_rip: lock xorq %1, (%0)" :: "r"(target), "r"(value) : "memory", "cc");
}

static noinline __noclone void store_or(void *target, u64 value)
{
	asm volatile("attack_or_rip: lock orq %1, (%0)" :: "r"(target), "r"(value) : "memory", "cc");
}

/* ---- what the attacked bytes become ------------------------------------------------------------------------------- */

static u64 inverted(u64 old)
{
	return ~old;
}

/* For an instruction that changes bits: another handler, the present bit and the selector kept. */
static u64 changed_bits(u64 old)
{
	return old ^ 0x0001000000000ff0ull;
}

static u64 added_bits(u64 old)
{
	return old | 0x0001000000000ff0ull;
}

/* What the instruction takes so that the bytes become `new`. */
static u64 operand_itself(u64 old, u64 new)
{
	return new;
}

static u64 operand_difference(u64 old, u64 new)
{
	return old ^ new;
}

struct store_kind {
	const char *name;
	unsigned int offset;		/* of the store from the start of the gate */
	unsigned int gates;		/* gates that the store touches; 0: it goes elsewhere */
	const char *rip;
	void (*store)(void *target, u64 operand);
	u64 (*changed)(u64 old);
	u64 (*operand)(u64 old, u64 new);
};

static const struct store_kind store_kinds[] = {
	{ "idt", 0, 1, attack_mov_rip, store_mov, redirected, operand_itself },
	{ "unaligned", 13, 2, attack_mov_rip, store_mov, inverted, operand_itself },
	{ "rmw", 0, 1, attack_xor_rip, store_xor, changed_bits, operand_difference },
	{ "or", 0, 1, attack_or_rip, store_or, added_bits, operand_difference },
	{ "frame", 0, 0, attack_mov_rip, store_mov, inverted, operand_itself },
};

/* ---- the attack ---------------------------------------------------------------------------------------------------- */

static void attack(const struct store_kind *kind, const struct target *target)
{
	u64 old = read_bytes(target->idt), new = kind->changed(old), through_idt, through_alias;
	unsigned long flags;

	pr_info("attack: what=%s rip=0x%lx old=%8phN new=%8phN vector=0x%x gpa=0x%llx alias=0x%lx\n",
		kind->name, (unsigned long)kind->rip, &old, &new, vector, (u64)target->gpa, (unsigned long)target->alias);

	local_irq_save(flags);
	kind->store(target->alias, kind->operand(old, new));
	through_idt = read_bytes(target->idt);
	through_alias = read_bytes(target->alias);
	if (through_idt != old || through_alias != old)
		memcpy(target->alias, &old, sizeof(old));
	local_irq_restore(flags);

	pr_info("attack: gate reads %8phN through the IDT and %8phN through the alias: write %s\n",
		&through_idt, &through_alias, verdict(through_idt == old && through_alias == old));
}

static int run(const char *name)
{
	const struct store_kind *kind = store_kinds;
	struct target target;
	int error;

	while (strcmp(kind->name, name))
		kind++;
	error = kind->gates ? target_map(&target, vector, kind->gates, kind->offset) : target_map_frame(&target, frame);
	if (error)
		return error;
	attack(kind, &target);
	target_unmap(&target);
	return 0;
}

const struct kind gate_kinds[] = {
	{ "idt", run }, { "unaligned", run }, { "rmw", run }, { "or", run }, { "frame", run }, { }
};
