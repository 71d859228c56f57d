/* SPDX-License-Identifier: MIT */
/** What introvm and its guest have to agree on. For C and for the assembler. */
#ifndef INTROVM_LAYOUT_H
#define INTROVM_LAYOUT_H

/* Guest-physical memory. Everything below 2 MiB is mapped where it lies, for all privilege levels. */
#define GUEST_RAM_SIZE 0x800000
#define GUEST_IMAGE 0x10000
#define GUEST_MAILBOX 0x80000      /* a page a vCPU */
#define GUEST_STACKS 0x90000       /* GUEST_STACK_SIZE a vCPU: kernel, exceptions from user code, user */
#define GUEST_STACK_SIZE 0x4000
#define GUEST_PLAIN 0x100000       /* a page for the processor to store to, as the oracle */
#define GUEST_TARGET 0x101000      /* a page that tests guard */
#define GUEST_ROW 0x110000         /* eight pages in a row */
#define GUEST_TESTED 0x120000      /* pages behind the page table that tests guard */
#define GUEST_VCPUS 2

/* Linear memory besides: mapped by a page table of its own to GUEST_TESTED and on, accessed bits clear. */
#define GUEST_TESTED_LINEAR 0x200000
#define GUEST_TESTED_PAGES 16

/* Ports. */
#define PORT_READY 0x10 /* the next command, please */
#define PORT_FAULT 0x11 /* an exception that nobody expects, described in the mailbox */

/* Members of the mailbox, 8 bytes each. */
#define BOX_COMMAND 0x00 /* address of a routine */
#define BOX_RAX 0x08     /* registers: before the routine as introvm gives them, after it as they are then */
#define BOX_RBX 0x10
#define BOX_RCX 0x18
#define BOX_RDX 0x20
#define BOX_RSI 0x28
#define BOX_RDI 0x30
#define BOX_FLAGS 0x38
#define BOX_EXCEPTIONS 0x40 /* how many there were */
#define BOX_VECTOR 0x48     /* the last one */
#define BOX_ERROR 0x50
#define BOX_CR2 0x58
#define BOX_RIP 0x60
#define BOX_CS 0x68
#define BOX_RESUME 0x70 /* where to go on after an exception in the kernel: an address, or one of these */
#define BOX_KERNEL_STACK 0x78
#define BOX_STOP 0x80 /* set by introvm: ends loops */
#define BOX_COUNT 0x88
#define BOX_SIZE 0x90

#define RESUME_NOWHERE 0
#define RESUME_THERE 1 /* at the RIP that the exception has pushed */

/* Selectors. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1B
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TASK 0x28 /* 16 bytes a vCPU */

/* Flags of a store form. */
#define FORM_ALIGNED 1 /* faults where its operand is not aligned */
#define FORM_AVX 2     /* needs AVX */
#define FORM_XSAVE 4   /* needs XSAVE */

#endif
