// SPDX-License-Identifier: MIT
// A control register loses a bit that protects the kernel: the raw instruction, past the kernel's own checks.

#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include "attack.h"

extern const char attack_cr0_rip[], attack_cr4_rip[];

static noinline __noclone void write_cr0_raw(unsigned long value)
{
	asm volatile("attack_cr0_rip: movq %0, %%cr0" :: "r"(value) : "memory");
}

static noinline __noclone void write_cr4_raw(unsigned long value)
{
	asm volatile("attack_cr4_rip: movq %0, %%cr4" :: "r"(value) : "memory");
}

static noinline __noclone void restore_cr0(unsigned long value)
{
	asm volatile("movq %0, %%cr0" :: "r"(value) : "memory");
}

static noinline __noclone void restore_cr4(unsigned long value)
{
	asm volatile("movq %0, %%cr4" :: "r"(value) : "memory");
}

struct control_kind {
	const char *name;
	const char *label;
	const char *rip;
	unsigned long bit;
	unsigned long (*read)(void);
	void (*write)(unsigned long value);
	void (*restore)(unsigned long value);
};

static const struct control_kind registers[] = {
	{ "cr0wp", "CR0", attack_cr0_rip, X86_CR0_WP, native_read_cr0, write_cr0_raw, restore_cr0 },
	{ "smep", "CR4", attack_cr4_rip, X86_CR4_SMEP, native_read_cr4, write_cr4_raw, restore_cr4 },
};

static int run(const char *name)
{
	const struct control_kind *kind = registers;
	unsigned long flags, old, new, now;

	while (strcmp(kind->name, name))
		kind++;
	old = kind->read();
	if (!(old & kind->bit)) {
		pr_err("attack: %s=0x%lx: the bit 0x%lx is not set on this CPU\n", kind->label, old, kind->bit);
		return -ENODEV;
	}
	new = old & ~kind->bit;
	pr_info("attack: what=%s rip=0x%lx old=0x%lx new=0x%lx register=%s\n",
		kind->name, (unsigned long)kind->rip, old, new, kind->label);

	local_irq_save(flags);
	kind->write(new);
	now = kind->read();
	if (now != old) {
		hold();
		kind->restore(old);
	}
	local_irq_restore(flags);

	pr_info("attack: %s reads 0x%lx: write %s\n", kind->label, now, verdict(now == old));
	return 0;
}

const struct kind control_kinds[] = { { "cr0wp", run }, { "smep", run }, { } };
