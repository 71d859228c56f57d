// SPDX-License-Identifier: MIT
// Instructions of many forms, each once on memory that nobody watches and once on the interrupt descriptor table: where such stores
// are allowed, both must do the same, to memory, registers and flags.

#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/fpu/api.h>
#include "attack.h"

#define GATES 4u
#define WINDOW (GATES * GATE_SIZE)

/* What an instruction starts from, and what it leaves. RDI points to the memory, which is not compared but for its change. */
struct state {
	u64 rax, rcx, rdx, rbx, rsi, rdi, flags;
};

/* All flags count. */
#define FORMS(X)                                                                                                            \
	X(mov8, "movb %%al, (%%rdi)") X(mov16, "movw %%ax, (%%rdi)") X(mov32, "movl %%eax, (%%rdi)")                        \
	X(mov64, "movq %%rax, (%%rdi)") X(mov_imm, "movq $-0x12345678, (%%rdi)") X(movnti, "movnti %%rax, (%%rdi)")         \
	X(mov_beyond, "movq %%rsi, %%rax\n\tbswapq %%rax\n\tmovq %%rax, 8(%%rdi)")                                          \
	X(add, "addq %%rax, (%%rdi)") X(add8, "addb $0x7f, (%%rdi)") X(adc, "adcl %%ecx, (%%rdi)")                          \
	X(sub, "subq %%rax, (%%rdi)") X(sbb, "sbbw %%cx, (%%rdi)") X(and, "andq %%rax, (%%rdi)")                            \
	X(or, "orl $0xff00ff, (%%rdi)") X(xor, "xorb %%cl, 3(%%rdi)") X(lock_add, "lock addq %%rax, (%%rdi)")               \
	X(lock_sub, "lock subl $5, 4(%%rdi)") X(lock_xor, "lock xorq %%rsi, (%%rdi)")                                       \
	X(lock_and, "lock andw %%ax, (%%rdi)") X(inc, "incq (%%rdi)") X(dec, "decb (%%rdi)") X(neg, "negl (%%rdi)")         \
	X(not, "notq (%%rdi)") X(lock_inc, "lock incl (%%rdi)") X(lock_neg, "lock negq (%%rdi)")                            \
	X(bts, "btsq $37, (%%rdi)") X(btr_far, "btrq %%rdx, (%%rdi)") X(lock_bts, "lock btsl $3, (%%rdi)")                  \
	X(xchg, "xchgq %%rax, (%%rdi)") X(xchg8, "xchgb %%ah, (%%rdi)") X(xadd, "xaddq %%rax, (%%rdi)")                     \
	X(lock_xadd, "lock xaddl %%ecx, (%%rdi)") X(cmpxchg_differs, "cmpxchgq %%rcx, (%%rdi)")                             \
	X(cmpxchg, "movq (%%rdi), %%rax\n\tcmpxchgq %%rcx, (%%rdi)")                                                        \
	X(lock_cmpxchg, "movl (%%rdi), %%eax\n\tlock cmpxchgl %%ecx, (%%rdi)")                                              \
	X(cmpxchg8b, "movl (%%rdi), %%eax\n\tmovl 4(%%rdi), %%edx\n\tlock cmpxchg8b (%%rdi)")                               \
	X(sete, "sete (%%rdi)") X(setc, "setc 1(%%rdi)")                                                                    \
	X(stosb, "stosb") X(stosq, "stosq") X(movsq, "movsq") X(movsl_down, "std\n\tmovsl\n\tcld")                          \
	X(rep_stosb, "movl $19, %%ecx\n\trep stosb") X(rep_stosl, "movl $7, %%ecx\n\trep stosl")                            \
	X(rep_movsb, "movl $33, %%ecx\n\trep movsb") X(rep_movsq, "movl $4, %%ecx\n\trep movsq")                            \
	X(rep_stosw_down, "movl $3, %%ecx\n\tstd\n\trep stosw\n\tcld") X(pop, "pushq %%rsi\n\tpopq (%%rdi)")                \
	X(movups, "movq %%rax, %%xmm0\n\tpunpcklqdq %%xmm0, %%xmm0\n\tmovups %%xmm0, (%%rdi)")                              \
	X(movq, "movq %%rax, %%xmm0\n\tmovq %%xmm0, (%%rdi)")

/* By more than one bit: OF and AF are undefined. */
#define SHIFTS(X)                                                                                                           \
	X(shl, "shlq $3, (%%rdi)") X(shr, "shrl %%cl, (%%rdi)") X(sar, "sarq %%cl, (%%rdi)") X(rol, "rolw $5, (%%rdi)")     \
	X(ror, "rorq %%cl, (%%rdi)") X(shld, "shldq $9, %%rax, (%%rdi)") X(shrd, "shrdl %%cl, %%eax, (%%rdi)")

/* The same through the carry flag. */
#define CARRY_SHIFTS(X)                                                                                                     \
	X(rcl, "rclq $1, (%%rdi)") X(rcr, "rcrl %%cl, (%%rdi)")

#define FORM(name, text)                                                                                                    \
	static noinline __noclone void form_##name(struct state *s)                                                         \
	{                                                                                                                   \
		asm volatile("pushq %[flags]\n\tpopfq\n\t" text "\n\tpushfq\n\tpopq %[flags]"                               \
			     : "+a"(s->rax), "+c"(s->rcx), "+d"(s->rdx), "+b"(s->rbx), "+S"(s->rsi), "+D"(s->rdi),          \
			       [flags] "+r"(s->flags), ASM_CALL_CONSTRAINT                                                  \
			     :: "memory", "cc");                                                                            \
	}
FORMS(FORM)
SHIFTS(FORM)
CARRY_SHIFTS(FORM)
#undef FORM

struct form {
	const char *name;
	void (*run)(struct state *s);
	u64 undefined;			/* flags that may be anything afterwards */
};

#define FORM(name, text) { #name, form_##name, 0 },
#define SHIFT(name, text) { #name, form_##name, X86_EFLAGS_OF | X86_EFLAGS_AF },
static const struct form forms[] = { FORMS(FORM) SHIFTS(SHIFT) };
static const struct form carry_shifts[] = { CARRY_SHIFTS(SHIFT) };
#undef FORM
#undef SHIFT

/* From the middle of a gate, on a boundary of 8 bytes and off one. */
static const unsigned int offsets[] = { 8, 13 };

static struct state start_at(const void *memory, const u64 *source)
{
	return (struct state) {
		.rax = 0x8123456789abcdefull, .rcx = 0x1122334455667705ull, .rdx = 0x155, .rbx = 0x0102030405060708ull,
		.rsi = (unsigned long)source, .rdi = (unsigned long)memory, .flags = X86_EFLAGS_FIXED | X86_EFLAGS_CF,
	};
}

/* Makes what two runs have left comparable. */
static void normalise(struct state *s, const void *memory, const struct form *form)
{
	s->rdi -= (unsigned long)memory;
	s->flags &= ~form->undefined;
}

/* Whether the form does the same to both. */
static bool compare(const struct form *form, unsigned int offset, const struct target *target)
{
	static u64 plain[WINDOW / sizeof(u64)], before[WINDOW / sizeof(u64)], after[WINDOW / sizeof(u64)];
	static const u64 source[8] = { 0xf0e1d2c3b4a59687ull, 1, 0x0123456789abcdefull, ~0ull, 5, 0x7766554433221100ull, 7, 8 };
	void *here = (void *)plain + offset, *there = target->alias + offset;
	struct state expected = start_at(here, source), found = start_at(there, source);
	bool same;

	memcpy(before, target->alias, WINDOW);
	memcpy(plain, before, WINDOW);
	form->run(&expected);
	form->run(&found);
	memcpy(after, target->alias, WINDOW);
	memcpy(target->alias, before, WINDOW);
	normalise(&expected, here, form);
	normalise(&found, there, form);
	same = !memcmp(&expected, &found, sizeof(found)) && !memcmp(plain, after, WINDOW);
	if (!same)
		pr_info("attack: %s at offset %u: memory %64phN not %64phN, rax %llx not %llx, rcx %llx not %llx, rdi %lld not %lld, flags %llx not %llx\n",
			form->name, offset, after, plain, found.rax, expected.rax, found.rcx, expected.rcx, found.rdi,
			expected.rdi, found.flags, expected.flags);
	return same;
}

static int run_all(const struct form *list, unsigned int count)
{
	unsigned int form, i, done = 0, same = 0;
	struct target target;
	unsigned long flags;
	int error = target_map(&target, vector, GATES, 0);

	if (error)
		return error;
	kernel_fpu_begin();
	local_irq_save(flags);
	for (form = 0; form < count; form++) {
		for (i = 0; i < ARRAY_SIZE(offsets); i++, done++)
			same += compare(&list[form], offsets[i], &target);
	}
	local_irq_restore(flags);
	kernel_fpu_end();
	pr_info("attack: %u of %u stores do the same everywhere\n", same, done);
	target_unmap(&target);
	return 0;
}

static int run_forms(const char *name)
{
	return run_all(forms, ARRAY_SIZE(forms));
}

static int run_carry_shifts(const char *name)
{
	return run_all(carry_shifts, ARRAY_SIZE(carry_shifts));
}

const struct kind forms_kinds[] = { { "forms", run_forms }, { "carry", run_carry_shifts }, { } };
