// SPDX-License-Identifier: MIT
// The entry of system calls leads elsewhere. None happens meanwhile: interrupts are off.

#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <asm/msr.h>
#include "attack.h"

extern const char attack_wrmsr_rip[];

static noinline __noclone void write_lstar_raw(u64 value)
{
	asm volatile("attack_wrmsr_rip: wrmsr" :: "c"(MSR_LSTAR), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static u64 read_lstar(void)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_LSTAR));
	return (u64)high << 32 | low;
}

static noinline __noclone void restore_lstar(u64 value)
{
	asm volatile("wrmsr" :: "c"(MSR_LSTAR), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static int run(const char *name)
{
	u64 old = read_lstar(), new = (unsigned long)attacker_entry, now;
	unsigned long flags;

	pr_info("attack: what=%s rip=0x%lx old=0x%llx new=0x%llx register=0x%x\n",
		name, (unsigned long)attack_wrmsr_rip, old, new, MSR_LSTAR);

	local_irq_save(flags);
	write_lstar_raw(new);
	now = read_lstar();
	if (now != old) {
		hold();
		restore_lstar(old);
	}
	local_irq_restore(flags);

	pr_info("attack: LSTAR reads 0x%llx: write %s\n", now, verdict(now == old));
	return 0;
}

const struct kind lstar_kinds[] = { { "lstar", run }, { } };
