/* SPDX-License-Identifier: MIT */
/* What the guest does about exceptions: notes them in the mailbox, and goes on where that says. */

#include "layout.h"

        .text
        .code64
        .globl  entries
        .balign 16
entries:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21)
        .else
        pushq   $0                      /* in the place of an error code */
        .endif
        pushq   $vector
        jmp     handle
        .set    vector, vector + 1
        .endr

/* RSP: vector, error code, RIP, CS, RFLAGS, RSP, SS. */
        .balign 16
handle:
        push    %rax
        mov     8(%rsp), %rax
        cmp     $0x80, %rax
        je      leave_user
        mov     %rax, %gs:BOX_VECTOR
        mov     16(%rsp), %rax
        mov     %rax, %gs:BOX_ERROR
        mov     %cr2, %rax
        mov     %rax, %gs:BOX_CR2
        mov     24(%rsp), %rax
        mov     %rax, %gs:BOX_RIP
        mov     32(%rsp), %rax
        mov     %rax, %gs:BOX_CS
        incq    %gs:BOX_EXCEPTIONS
        test    $3, %al
        jnz     leave_user
        mov     %gs:BOX_RESUME, %rax
        cmp     $RESUME_THERE, %rax
        je      1f
        test    %rax, %rax
        jz      unexpected
        mov     %rax, 24(%rsp)
1:      movq    $RESUME_NOWHERE, %gs:BOX_RESUME
        pop     %rax
        add     $16, %rsp
        iretq

unexpected:
        out     %al, $PORT_FAULT
        jmp     unexpected

/* The end of user code: back to where routine_user was called. */
leave_user:
        pop     %rax
        mov     %gs:BOX_KERNEL_STACK, %rsp
        ret

        .globl  routine_user, routine_user_store, routine_user_cli, routine_user_entry_stack
routine_user:
        mov     %rsp, %gs:BOX_KERNEL_STACK
        mov     %rsp, %r11
        and     $-0x1000, %r11          /* the user's stack is the page below the kernel's */
        pushq   $SELECTOR_USER_DATA
        push    %r11
        pushq   $2
        pushq   $SELECTOR_USER_CODE
        push    %rbx
        iretq

routine_user_store:
        mov     %rax, (%rdi)
        int     $0x80

routine_user_cli:
        cli
        int     $0x80

/* The task-state segment belongs to the vCPU that runs this; its number is in RDI. */
routine_user_entry_stack:
        lea     tasks(%rip), %rdx
        imul    $104, %rdi, %rcx
        mov     %rax, 4(%rdx, %rcx)
        ret
