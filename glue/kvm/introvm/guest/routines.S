/* SPDX-License-Identifier: MIT */
/* Routines that introvm calls; see routines.h. */

#include "layout.h"

        .text
        .code64
        .globl  routine_nothing, routine_store, routine_load, routine_repeat_stos, routine_repeat_movs, routine_write_msr
        .globl  routine_read_msr, routine_clear_wp, routine_set_wp, routine_undefined, routine_map, routine_touch, routine_spin
        .globl  routine_storm, routine_wide_storm

routine_nothing:
        ret

routine_store:
        mov     %rax, (%rdi)
        ret

routine_load:
        mov     (%rdi), %rax
        ret

routine_repeat_stos:
        rep     stosq
        ret

routine_repeat_movs:
        rep     movsq
        ret

routine_write_msr:
        wrmsr
        ret

routine_read_msr:
        rdmsr
        ret

routine_clear_wp:
        mov     %cr0, %rax
        and     $~0x10000, %rax
        mov     %rax, %cr0
        ret

routine_set_wp:
        mov     %cr0, %rax
        or      $0x10000, %rax
        mov     %rax, %cr0
        ret

routine_undefined:
        ud2
        ret

routine_map:
        mov     %rax, (%rdi)
        invlpg  (%rsi)
        ret

routine_touch:
        xor     %eax, %eax
1:      add     (%rdi), %rax
        add     $4096, %rdi
        dec     %rcx
        jnz     1b
        ret

routine_spin:
        incq    %gs:BOX_COUNT
        cmpq    $0, %gs:BOX_STOP
        je      routine_spin
        ret

routine_storm:
        xor     %eax, %eax
1:      mov     %rcx, (%rdi)
        cmp     %rcx, (%rdi)
        je      2f
        inc     %eax
2:      mov     %rcx, (%rsi)
        incq    %gs:BOX_COUNT
        dec     %rcx
        jnz     1b
        ret

routine_wide_storm:
        xor     %eax, %eax
1:      movq    %rcx, %xmm0
        pextrq  $0, %xmm0, (%rdi)
        cmp     %rcx, (%rdi)
        je      2f
        inc     %eax
2:      dec     %rcx
        jnz     1b
        ret
