// SPDX-License-Identifier: MIT
// No attack: reads of a kernel's constant with known values in the registers, for those who watch that (tests/linux/watch).

#include <linux/bitrev.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/io.h>
#include "attack.h"

#define MARK 0x7265616420746573ul
#define UNTOUCHED 0x5555555555550005ul

enum { GIVEN, PATCHED, REFUSED, ANSWERS };

extern const char attack_read_rip[];

static noinline __noclone u64 read_with_known_registers(const void *from, unsigned long answer, unsigned long *stack)
{
	register unsigned long r8 asm("r8") = 0x8888888888880008, r9 asm("r9") = 0x9999999999990009;
	register unsigned long r10 asm("r10") = 0xaaaaaaaaaaaa000a, r11 asm("r11") = 0xbbbbbbbbbbbb000b;
	u64 value = UNTOUCHED;

	/* One register changes just before, so that whoever shows it has looked at this very moment. */
	asm volatile("movq %%rsp, %[stack]\n\t"
		     "movabsq $0x4444444444440004, %%rcx\n"
		     "attack_read_rip: movq (%%rdi), %%rax"
		     : "+a"(value), [stack] "=&b"(*stack)
		     : "D"(from), "S"(MARK), "d"(answer), "r"(r8), "r"(r9), "r"(r10), "r"(r11)
		     : "rcx", "memory");
	return value;
}

static int run(const char *name)
{
	unsigned long flags, stack, answer;
	u64 values[ANSWERS], real;

	memcpy(&real, byte_rev_table, sizeof(real));
	pr_info("attack: reading byte_rev_table rip=0x%lx gpa=0x%llx rdi=0x%lx rax=0x%lx value=0x%llx\n",
		(unsigned long)attack_read_rip, (u64)slow_virt_to_phys((void *)byte_rev_table), (unsigned long)byte_rev_table,
		UNTOUCHED, real);
	local_irq_save(flags);
	for (answer = 0; answer < ANSWERS; answer++)
		values[answer] = read_with_known_registers(byte_rev_table, answer, &stack);
	local_irq_restore(flags);
	pr_info("attack: read with rsp=0x%lx given=0x%llx patched=0x%llx refused=0x%llx\n", stack, values[GIVEN], values[PATCHED],
		values[REFUSED]);
	return 0;
}

const struct kind read_kinds[] = { { "read", run }, { } };
