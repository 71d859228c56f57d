// SPDX-License-Identifier: MIT
/*
 * attack - a kernel module that does to its own kernel what a rootkit does, and says whether it worked.
 *
 * It tells beforehand, in one line, what it is about to overwrite and from which instruction, so that whoever watches
 * from outside can be checked against it. Whatever lands is put back at once, or after hold_ms, with interrupts off.
 *
 *   insmod attack.ko what=KIND [vector=0xe1] [hold_ms=0] [stores=2000] [frame=0]
 *
 * KIND: idt, unaligned, rmw, or: a store to an IDT gate     both: such stores by two CPUs at once
 *       cr0wp, smep: a control register loses a bit         lstar: system calls lead elsewhere
 *       lidt: another interrupt descriptor table            call: no attack, a call with known registers
 *       frame: a store to the physical address frame, put back at once, whatever is there
 *       read: no attack, reads with known registers
 *       forms, carry: stores of many forms, compared with what they do elsewhere
 *       handover: what looks like the start of another kernel
 */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include "attack.h"

static char *what = "idt";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "kind of attack");

unsigned int vector = 0xe1;
module_param(vector, uint, 0);
MODULE_PARM_DESC(vector, "IDT vector to attack; it must be unused");

unsigned int hold_ms;
module_param(hold_ms, uint, 0);
MODULE_PARM_DESC(hold_ms, "how long a register's change that has landed stays");

unsigned int stores = 2000;
module_param(stores, uint, 0);
MODULE_PARM_DESC(stores, "stores of each CPU, for what=both");

unsigned long frame;
module_param(frame, ulong, 0);
MODULE_PARM_DESC(frame, "guest-physical address, for what=frame");

noinline void attacker_entry(void)
{
	asm volatile("nop");
}

void hold(void)
{
	if (hold_ms)
		mdelay(hold_ms);
}

const char *verdict(bool blocked)
{
	return blocked ? "BLOCKED" : "LANDED, restored";
}

static const struct kind *find_kind(void)
{
	static const struct kind *const lists[] = {
		gate_kinds, both_kinds, control_kinds, lstar_kinds, lidt_kinds, call_kinds, read_kinds,
		forms_kinds, handover_kinds,
	};
	const struct kind *kind;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		for (kind = lists[i]; kind->name; kind++)
			if (!strcmp(what, kind->name))
				return kind;
	return NULL;
}

static int __init attack_init(void)
{
	const struct kind *kind = find_kind();

	if (!kind) {
		pr_err("attack: unknown kind '%s'\n", what);
		return -EINVAL;
	}
	return kind->run(kind->name);
}

static void __exit attack_exit(void)
{
}

module_init(attack_init);
module_exit(attack_exit);
MODULE_DESCRIPTION("Attacks its own kernel and says whether that worked");
MODULE_LICENSE("Dual MIT/GPL");
