/* SPDX-License-Identifier: MIT */
/* One routine for each form of instruction that stores. RDI is where; the other registers are introvm's to choose. Each is run on a page
   that nobody guards, by the processor itself, and on a guarded one. RCL is given no carry: QEMU 7.2 as the processor loses it where the
   store exits. */

#include "layout.h"

        .text
        .code64
        .macro  FORM name, flags, code
        .section .names, "a"
name_\@:
        .asciz  "\name"
        .section .forms, "a"
        .quad   name_\@
        .quad   form_\@
        .quad   \flags
        .text
form_\@:
        \code
        ret
        .endm

/* With RSP where the operand is; R11 keeps the stack. */
        .macro  STACKED name, code
        FORM    "\name", 0, "mov %rsp, %r11; lea 8(%rdi), %rsp; \code; mov %r11, %rsp"
        .endm

        FORM    "mov r8", 0, "mov %al, (%rdi)"
        FORM    "mov r16", 0, "mov %ax, (%rdi)"
        FORM    "mov r32", 0, "mov %eax, (%rdi)"
        FORM    "mov r64", 0, "mov %rax, (%rdi)"
        FORM    "mov imm8", 0, "movb $0x5A, (%rdi)"
        FORM    "mov imm16", 0, "movw $0x5A5B, (%rdi)"
        FORM    "mov imm32", 0, "movl $0x5A5B5C5D, (%rdi)"
        FORM    "mov imm64", 0, "movq $-0x5A5B5C5D, (%rdi)"
        FORM    "mov segment", 0, "mov %ds, (%rdi)"
        FORM    "movnti", 0, "movnti %rax, (%rdi)"
        FORM    "movbe", 0, "movbe %rax, (%rdi)"
        FORM    "add r8", 0, "add %al, (%rdi)"
        FORM    "add r64", 0, "add %rax, (%rdi)"
        FORM    "add imm32", 0, "addl $0x12345678, (%rdi)"
        FORM    "or r32", 0, "or %eax, (%rdi)"
        FORM    "adc r64", 0, "stc; adc %rax, (%rdi)"
        FORM    "sbb r16", 0, "stc; sbb %ax, (%rdi)"
        FORM    "and r64", 0, "and %rax, (%rdi)"
        FORM    "sub r64", 0, "sub %rax, (%rdi)"
        FORM    "xor imm8", 0, "xorb $0x3C, (%rdi)"
        FORM    "inc", 0, "incq (%rdi)"
        FORM    "dec", 0, "decl (%rdi)"
        FORM    "not", 0, "notw (%rdi)"
        FORM    "neg", 0, "negq (%rdi)"
        FORM    "lock add", 0, "lock addq $7, (%rdi)"
        FORM    "lock inc", 0, "lock incl (%rdi)"
        FORM    "lock or", 0, "lock orb $0x81, (%rdi)"
        FORM    "xchg", 0, "xchg %rax, (%rdi)"
        FORM    "xchg r8", 0, "xchg %al, (%rdi)"
        FORM    "xadd", 0, "xadd %rax, (%rdi)"
        FORM    "lock xadd", 0, "lock xadd %eax, (%rdi)"
        FORM    "cmpxchg equal", 0, "mov (%rdi), %rax; cmpxchg %rdx, (%rdi)"
        FORM    "cmpxchg other", 0, "cmpxchg %rdx, (%rdi)"
        FORM    "lock cmpxchg", 0, "mov (%rdi), %eax; lock cmpxchg %edx, (%rdi)"
        FORM    "cmpxchg8b", 0, "mov (%rdi), %eax; mov 4(%rdi), %edx; cmpxchg8b (%rdi)"
        FORM    "lock cmpxchg16b", FORM_ALIGNED, "mov (%rdi), %rax; mov 8(%rdi), %rdx; lock cmpxchg16b (%rdi)"
        FORM    "bts r", 0, "bts %rdx, (%rdi)"
        FORM    "btr imm", 0, "btrq $3, (%rdi)"
        FORM    "btc imm", 0, "btcl $17, (%rdi)"
        FORM    "lock bts", 0, "lock bts %rdx, (%rdi)"
        FORM    "shl 1", 0, "shlq (%rdi)"
        FORM    "shr imm", 0, "shrl $3, (%rdi)"
        FORM    "sar cl", 0, "sarq %cl, (%rdi)"
        FORM    "rol imm", 0, "rolw $5, (%rdi)"
        FORM    "ror cl", 0, "rorq %cl, (%rdi)"
        FORM    "rcl 1", 0, "rclq (%rdi)"
        FORM    "rcr imm", 0, "stc; rcrl $2, (%rdi)"
        FORM    "shld imm", 0, "shld $4, %rax, (%rdi)"
        FORM    "shrd cl", 0, "shrd %cl, %rax, (%rdi)"
        FORM    "setcc", 0, "stc; setc (%rdi)"
        FORM    "stosb", 0, "stosb"
        FORM    "stosq", 0, "stosq"
        FORM    "movsb", 0, "movsb"
        FORM    "movsq", 0, "movsq"
        FORM    "std stosq", 0, "std; stosq"
        FORM    "rep stosw", 0, "rep stosw"
        FORM    "rep movsb", 0, "rep movsb"
        STACKED "push r64", "push %rax"
        STACKED "push imm", "pushq $-0x1234"
        STACKED "push mem", "pushq (%rsi)"
        STACKED "pushfq", "pushfq"
        STACKED "call", "call 9f; 9: mov %r11, %rsp"
        STACKED "enter", "mov %rbp, %r10; enter $0, $0; mov %r10, %rbp"
        FORM    "pop mem", 0, "push %rax; popq (%rdi)"
        FORM    "movups", 0, "movups constant(%rip), %xmm0; movups %xmm0, (%rdi)"
        FORM    "movaps", FORM_ALIGNED, "movaps constant(%rip), %xmm1; movaps %xmm1, (%rdi)"
        FORM    "movdqu", 0, "movdqu constant(%rip), %xmm2; movdqu %xmm2, (%rdi)"
        FORM    "movntdq", FORM_ALIGNED, "movdqa constant(%rip), %xmm3; movntdq %xmm3, (%rdi)"
        FORM    "movntps", FORM_ALIGNED, "movaps constant(%rip), %xmm3; movntps %xmm3, (%rdi)"
        FORM    "movq xmm", 0, "movdqu constant(%rip), %xmm4; movq %xmm4, (%rdi)"
        FORM    "movd xmm", 0, "movdqu constant(%rip), %xmm4; movd %xmm4, (%rdi)"
        FORM    "movss", 0, "movdqu constant(%rip), %xmm5; movss %xmm5, (%rdi)"
        FORM    "movhps", 0, "movdqu constant(%rip), %xmm5; movhps %xmm5, (%rdi)"
        FORM    "movlpd", 0, "movdqu constant(%rip), %xmm5; movlpd %xmm5, (%rdi)"
        FORM    "pextrq", 0, "movdqu constant(%rip), %xmm6; pextrq $1, %xmm6, (%rdi)"
        FORM    "pextrb", 0, "movdqu constant(%rip), %xmm6; pextrb $9, %xmm6, (%rdi)"
        FORM    "maskmovdqu", 0, "movdqu constant(%rip), %xmm7; maskmovdqu %xmm7, %xmm7"
        FORM    "vmovups ymm", FORM_AVX, "vbroadcastf128 constant(%rip), %ymm0; vmovups %ymm0, (%rdi)"
        FORM    "vmovdqu xmm", FORM_AVX, "vmovdqu constant(%rip), %xmm1; vmovdqu %xmm1, (%rdi)"
        FORM    "vmovntdq ymm", FORM_AVX | FORM_ALIGNED, "vbroadcastf128 constant(%rip), %ymm2; vmovntdq %ymm2, (%rdi)"
        FORM    "fst", 0, "fninit; fld1; fstpl (%rdi)"
        FORM    "fistp", 0, "fninit; fldpi; fistpq (%rdi)"
        FORM    "fnstcw", 0, "fninit; fnstcw (%rdi)"
        FORM    "fnstsw", 0, "fninit; fnstsw (%rdi)"
        FORM    "fxsave", FORM_ALIGNED, "fninit; fxsave64 (%rdi)"
        FORM    "xsave", FORM_ALIGNED | FORM_XSAVE, "fninit; mov $7, %eax; xor %edx, %edx; xsave64 (%rdi)"
        FORM    "stmxcsr", 0, "stmxcsr (%rdi)"
        FORM    "sgdt", 0, "sgdt (%rdi)"
        FORM    "sidt", 0, "sidt (%rdi)"
        FORM    "str", 0, "str (%rdi)"
        FORM    "sldt", 0, "sldt (%rdi)"
        FORM    "smsw", 0, "smsw (%rdi)"

        .data
        .balign 32
constant:
        .octa   0x0F1E2D3C4B5A69788796A5B4C3D2E1F0
