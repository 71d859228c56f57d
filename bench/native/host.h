/* SPDX-License-Identifier: MIT */
/**
 * host.h - the hypervisor that the engine is measured under. It costs next to nothing itself: its register query is a memcpy, its
 * memory map is pointer arithmetic, withdrawn rights are not stored anywhere, alerts and log lines are counted. What is measured
 * is the engine, the boundary, and a glue that does as little as a glue can.
 *
 *   guest-physical                                 linear
 *     0x01000  page tables                           0xFFFFFFFF80000000 + gpa   all RAM, 4 KiB pages
 *     0x10000  kernel code, one instruction each 16 bytes
 *     0x20000  the page with the IDT
 *     0x30000  data
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "library.h"

#define RAM_SIZE 0x200000ull
#define MAX_VCPUS 2

#define GPA_TABLES 0x1000ull
#define GPA_CODE 0x10000ull
#define GPA_IDT 0x20000ull
#define GPA_DATA 0x30000ull
#define GLA_KERNEL 0xFFFFFFFF80000000ull

/** The guarded table takes half a page: its limit is 0x7ff. */
#define IDT_LIMIT 0x7FFu
#define IDT_HALF 0x800u

/** Instructions of the code page, by their offset. */
#define CODE_MOV 0x00  /* mov [rdi], rsi */
#define CODE_PUSH 0x10 /* push qword [rdi] */
#define CODE_DECODED 0x20 /* mov [rdi], rsi, or another register: decoded only */

/** How a guest's glue behaves. */
enum glue_kind {
    GLUE_PUSHES,  /* memory is declared, registers are pushed, the exit carries the bytes of the store */
    GLUE_NO_DATA, /* as above, but the bytes of the store are not known to the hypervisor */
    GLUE_ASKED    /* as an integrator of HVMI introcore has it: everything is asked for, nothing is declared */
};

/** One guest; its address is the handle. */
struct guest {
    enum glue_kind kind;
    unsigned vcpu_count;
    BYTE *ram;
    BYTE *records;
    DWORD stride;
    IG_ARCH_REGS regs[MAX_VCPUS];
};

/** What the engine did through the tables; counted by the thread that was in the engine. */
extern _Thread_local unsigned long host_queries, host_maps, host_alerts, host_lines;

/** The library and the glue's table. */
extern struct library lib;
extern GLUE_IFACE host_glue;

/** Loads the library and calls IntInit; ends the program with a message if that fails. */
void host_load(const char *path);

/** A guest with page tables, an IDT whose base lies at an offset in its page, code, and registers. */
struct guest *guest_create(enum glue_kind kind, unsigned vcpu_count, QWORD idt_offset);

/** Lets the engine guard it: IDT, CR4, MSRs of system calls. */
void guest_start(struct guest *guest);

/** Ends protection and frees the guest. */
void guest_destroy(struct guest *guest);

/** Ends the program with a message. */
void host_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif /* BENCH_HOST_H */
