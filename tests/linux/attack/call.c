// SPDX-License-Identifier: MIT
// No attack: a call of a kernel's function with known values in the registers, for those who watch its execution.

#include <linux/kernel.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/swap.h>
#include <asm/io.h>
#include "attack.h"

/* The function takes no arguments, so that registers may hold anything. */
static noinline __noclone unsigned long call_with_known_registers(unsigned long *stack)
{
	register unsigned long r8 asm("r8") = 0x8888888888880008, r9 asm("r9") = 0x9999999999990009;
	register unsigned long r10 asm("r10") = 0xaaaaaaaaaaaa000a, r11 asm("r11") = 0xbbbbbbbbbbbb000b;
	unsigned long result, rdi = 0x1111111111110001, rsi = 0x2222222222220002, rdx = 0x3333333333330003, rcx = 0x4444444444440004;

	asm volatile("movq %%rsp, %[stack]\n\t"
		     "call nr_free_buffer_pages"
		     : "=a"(result), [stack] "=&b"(*stack), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+c"(rcx), "+r"(r8), "+r"(r9),
		       "+r"(r10), "+r"(r11), ASM_CALL_CONSTRAINT
		     :: "memory", "cc");
	return result;
}

static int run(const char *name)
{
	void *function = nr_free_buffer_pages;
	unsigned long flags, stack, result, expected = nr_free_buffer_pages();

	pr_info("attack: calling nr_free_buffer_pages rip=0x%lx gpa=0x%llx\n",
		(unsigned long)function, (u64)slow_virt_to_phys(function));
	local_irq_save(flags);
	result = call_with_known_registers(&stack);
	local_irq_restore(flags);
	/* The call has pushed its return address. */
	pr_info("attack: called with rsp=0x%lx: %s\n", stack - sizeof(stack), result == expected ? "RAN" : "FAILED");
	return 0;
}

const struct kind call_kinds[] = { { "call", run }, { } };
