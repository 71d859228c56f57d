// SPDX-License-Identifier: MIT
// Another interrupt descriptor table, a copy of the kernel's: its owner may change it as he likes afterwards.

#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/desc.h>
#include "attack.h"

extern const char attack_lidt_rip[];

static noinline __noclone void load_idt_raw(const struct desc_ptr *table)
{
	asm volatile("attack_lidt_rip: lidt (%0)" :: "r"(table) : "memory");
}

static noinline __noclone void restore_idt(const struct desc_ptr *table)
{
	asm volatile("lidt (%0)" :: "r"(table) : "memory");
}

static int run(const char *name)
{
	struct desc_ptr old, new, now;
	unsigned long flags;
	bool blocked;
	void *page;

	store_idt(&old);
	if (old.size >= PAGE_SIZE)
		return -EINVAL;
	page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	memcpy(page, (void *)old.address, old.size + 1u);
	new.address = (unsigned long)page;
	new.size = old.size;
	pr_info("attack: what=%s rip=0x%lx old=0x%lx/0x%x new=0x%lx/0x%x register=IDTR\n",
		name, (unsigned long)attack_lidt_rip, old.address, old.size, new.address, new.size);

	local_irq_save(flags);
	load_idt_raw(&new);
	store_idt(&now);
	blocked = now.address == old.address && now.size == old.size;
	if (!blocked) {
		hold();
		restore_idt(&old);
	}
	local_irq_restore(flags);

	pr_info("attack: IDTR reads 0x%lx/0x%x: write %s\n", now.address, now.size, verdict(blocked));
	free_page((unsigned long)page);
	return 0;
}

const struct kind lidt_kinds[] = { { "lidt", run }, { } };
