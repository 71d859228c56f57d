/* SPDX-License-Identifier: MIT */
/* The guest of introvm: 64-bit, with page tables, an interrupt table, and user code of its own. introvm starts each vCPU in long mode
   at guest_start, with CR3 from the header, RDI its number, RSP its stack, and GS based at its mailbox. */

#include "layout.h"

        .section .header, "a"
        .globl guest_header
guest_header:
        .quad   guest_start
        .quad   level4
        .quad   interrupts
        .quad   tested_entries
        .quad   forms
#define ROUTINE(name) .quad name;
#include "routines.h"
#undef ROUTINE

        .section .forms, "a"
forms:

        .text
        .code64
        .globl  guest_start
guest_start:
        lgdt    segment_register(%rip)
        mov     $SELECTOR_KERNEL_DATA, %eax
        mov     %eax, %ss
        mov     %eax, %ds
        mov     %eax, %es
        push    $SELECTOR_KERNEL_CODE
        lea     1f(%rip), %rax
        push    %rax
        lretq
1:
        call    make_task
        test    %edi, %edi
        jnz     2f
        call    make_interrupts         /* the first vCPU does it for all: introvm starts it alone */
2:
        lidt    interrupt_register(%rip)

ready:
        out     %al, $PORT_READY
        mov     %gs:BOX_RAX, %rax
        mov     %gs:BOX_RBX, %rbx
        mov     %gs:BOX_RCX, %rcx
        mov     %gs:BOX_RDX, %rdx
        mov     %gs:BOX_RSI, %rsi
        mov     %gs:BOX_RDI, %rdi
        push    $2
        popfq
        call    *%gs:BOX_COMMAND
        pushfq
        popq    %gs:BOX_FLAGS
        cld
        mov     %rax, %gs:BOX_RAX
        mov     %rbx, %gs:BOX_RBX
        mov     %rcx, %gs:BOX_RCX
        mov     %rdx, %gs:BOX_RDX
        mov     %rsi, %gs:BOX_RSI
        mov     %rdi, %gs:BOX_RDI
        jmp     ready

/* The task-state segment of vCPU RDI: only its stack for exceptions from user code matters. */
make_task:
        lea     tasks(%rip), %rax
        imul    $104, %rdi, %rcx
        add     %rcx, %rax
        imul    $GUEST_STACK_SIZE, %rdi, %rcx
        lea     GUEST_STACKS + 0x3000(%rcx), %rcx
        mov     %rcx, 4(%rax)
        mov     %rdi, %rcx
        shl     $4, %rcx
        lea     segments(%rip), %rdx
        lea     SELECTOR_TASK(%rdx, %rcx), %rdx
        movw    $103, (%rdx)
        mov     %ax, 2(%rdx)
        shr     $16, %rax
        mov     %al, 4(%rdx)
        movw    $0x0089, 5(%rdx)        /* available, present */
        mov     %ah, 7(%rdx)
        movq    $0, 8(%rdx)
        add     $SELECTOR_TASK, %ecx
        ltr     %cx
        ret

/* Interrupt gates for the exceptions, and one that user code may use. */
make_interrupts:
        lea     interrupts(%rip), %rdx
        lea     entries(%rip), %rax
        xor     %ecx, %ecx
1:      movl    $0x8E00, 4(%rdx)
        cmp     $0x80, %ecx
        jne     2f
        movl    $0xEE00, 4(%rdx)
2:      mov     %ax, (%rdx)
        movw    $SELECTOR_KERNEL_CODE, 2(%rdx)
        mov     %eax, %esi
        shr     $16, %esi
        mov     %si, 6(%rdx)
        movq    $0, 8(%rdx)
        add     $16, %rdx
        add     $16, %rax
        inc     %ecx
        cmp     $256, %ecx
        jne     1b
        ret

        .section .tables, "aw"
        .globl  level4, interrupts, tested_entries
        .balign 4096
level4: .quad   level3 + 7
        .fill   511, 8, 0
level3: .quad   level2 + 7
        .fill   511, 8, 0
level2: .quad   low_entries + 7
        .quad   tested_entries + 7
        .quad   0x400000 + 0x87
        .quad   0x600000 + 0x87
        .fill   508, 8, 0
low_entries:
        .set    page, 0
        .rept   512
        .quad   page + 0x67             /* present, writable, user, accessed, dirty */
        .set    page, page + 4096
        .endr
tested_entries:
        .set    page, GUEST_TESTED
        .rept   GUEST_TESTED_PAGES
        .quad   page + 7
        .set    page, page + 4096
        .endr
        .fill   512 - GUEST_TESTED_PAGES, 8, 0
interrupts:
        .fill   512, 8, 0

        .data
        .balign 16
segments:
        .quad   0
        .quad   0x00AF9B000000FFFF      /* kernel code */
        .quad   0x00CF93000000FFFF      /* kernel data */
        .quad   0x00CFF3000000FFFF      /* user data */
        .quad   0x00AFFB000000FFFF      /* user code */
        .fill   2 * GUEST_VCPUS, 8, 0
segments_end:
segment_register:
        .word   segments_end - segments - 1
        .quad   segments
interrupt_register:
        .word   4095
        .quad   interrupts
        .globl  tasks
        .balign 16
tasks:  .fill   104 * GUEST_VCPUS, 1, 0
