/* SPDX-License-Identifier: MIT */
/* The guest's image inside introvm. */
        .section .rodata
        .globl  image_start, image_end
image_start:
        .incbin "guest.bin"
image_end:
        .section .note.GNU-stack, "", @progbits
