/* SPDX-License-Identifier: MIT */
/**
 * fake-hypervisor.h - a small hypervisor without a processor: guests of 2 MiB RAM with page tables, an interrupt descriptor
 * table and a page of real instructions; the two tables of the boundary; and everything the engine does through them,
 * recorded. Nothing here runs guest code: a test says which instruction stores what and where, and looks at the verdict.
 *
 *   guest-physical                          linear
 *     0x01000  PML4                           0xFFFFFFFF80000000  + gpa   kernel window, 4 KiB pages, 2 MiB
 *     0x02000  page tables                    0xFFFFFE0000000000          IDT window: frames 0x20 to 0x27
 *     0x10000  kernel code                    0xFFFF888000000000  + gpa   direct map, one 2 MiB page
 *     0x11000  user code                      0x0000000000400000          user code
 *     0x20000  IDT (and 0x21000 ...)
 *     0x30000  data   0x31000  stack
 *
 * fake-hypervisor.c  the process: loading, tables, log       fake-guest.c  RAM, page tables, vCPUs
 * fake-glue.c, fake-query.c, fake-memory.c   what the engine calls
 * fake-exit.c                                what the hypervisor calls
 */
#ifndef FAKE_HYPERVISOR_H
#define FAKE_HYPERVISOR_H

#include <stdatomic.h>
#include <stdbool.h>

#include "library.h"

/* ---- layout of a guest -------------------------------------------------------------------------------------------- */

#define GUEST_RAM_SIZE 0x200000ull
#define GUEST_FRAMES (GUEST_RAM_SIZE / 0x1000)
#define GUEST_MAX_CPUS 4
#define GUEST_MAX_ALERTS 32

#define GPA_PML4 0x1000ull
#define GPA_CODE 0x10000ull
#define GPA_USER_CODE 0x11000ull
#define GPA_IDT 0x20000ull
#define GPA_DATA 0x30000ull
#define GPA_STACK 0x31000ull

#define GLA_KERNEL 0xFFFFFFFF80000000ull /* + guest-physical address */
#define GLA_DIRECT 0xFFFF888000000000ull /* + guest-physical address */
#define GLA_IDT 0xFFFFFE0000000000ull
#define GLA_USER_CODE 0x400000ull
#define GLA_UNMAPPED 0xFFFFC90000000000ull

/** Instructions on the code page, at these offsets. The user page holds the same. */
#define CODE_MOV8 0x000     /* mov [rdi], rsi          48 89 37       */
#define CODE_MOV1 0x010     /* mov [rdi], sil          40 88 37       */
#define CODE_MOVUPS 0x020   /* movups [rdi], xmm0      0f 11 07       */
#define CODE_REP_STOSB 0x030 /* rep stosb              f3 aa          */
#define CODE_LOCK_XOR 0x040 /* lock xor [rdi], rsi     f0 48 31 37    */
#define CODE_PUSH 0x050     /* push rsi                56             */
#define CODE_MOV2 0x060     /* mov [rdi], si           66 89 37       */
#define CODE_MOV4 0x070     /* mov [rdi], esi          89 37          */
#define CODE_MOV8_GS 0x080  /* mov gs:[rdi], rsi       65 48 89 37    */
#define CODE_MOVSQ 0x090    /* movsq                   48 a5          */
#define CODE_MOV8_INDEX 0x0A0 /* mov [rdi+rcx*8+16], rsi 48 89 74 cf 10 */
#define CODE_LOAD8 0x0B0    /* mov rax, [rdi]          48 8b 07       */
#define CODE_NOP 0x0C0      /* nop                     90             */
#define CODE_INVALID 0x0D0  /* 06: no instruction in 64-bit mode      */
#define CODE_MOV8_UD2 0x0E0 /* mov [rdi], rsi; ud2     48 89 37 0f 0b */

#define RIP_KERNEL(offset) (GLA_KERNEL + GPA_CODE + (offset))
#define RIP_USER(offset) (GLA_USER_CODE + (offset))

/* ---- a guest ------------------------------------------------------------------------------------------------------ */

/** What of the boundary is counted. */
enum count {
    COUNT_QUERY,
    COUNT_SET_REGISTERS,
    COUNT_MAP,
    COUNT_UNMAP,
    COUNT_SET_RIGHTS,
    COUNT_REGISTER_EPT,
    COUNT_UNREGISTER_EPT,
    COUNT_ACTIVATED,
    COUNT_DEACTIVATED,
    COUNT_ERROR_STATE,
    COUNT_PAUSE,
    COUNT_RESUME,
    COUNT_RELEASE_BUFFER,
    COUNT_OTHER, /* any other member of the table */
    COUNT_KINDS
};

/** How PhysMemMapToHost answers. */
enum map_mode {
    MAP_DIRECT, /* a pointer into RAM */
    MAP_FRESH,  /* a mapping of its own for each call, gone after PhysMemUnmap */
    MAP_FAIL,   /* no memory at all */
    MAP_NULL    /* success, but no pointer */
};

/** Registers of one vCPU. */
struct vcpu {
    IG_ARCH_REGS regs;
    IG_SEG_REGS segments;
    QWORD efer;
    QWORD xcr0;
    DWORD cs_type;
    DWORD cpl;
};

struct guest;

/** Called for each alert, on the thread that the engine calls on; the event is the engine's. */
typedef void alert_hook(struct guest *guest, const EVENT_EPT_VIOLATION *event);

/** May answer a query in place of the fake; returns false to let the fake answer. */
typedef bool query_hook(struct guest *guest, DWORD info_class, void *buffer, INTSTATUS *status);

/** One guest. Its address is the handle. Set what is to differ between guest_create and guest_start. */
struct guest {
    uint64_t magic;
    BYTE *ram;
    int ram_fd;
    unsigned cpu_count;
    struct vcpu cpus[GUEST_MAX_CPUS];

    /* How this hypervisor behaves. */
    enum map_mode map_mode;
    bool declare;         /* guest_start declares all RAM, guest_stop removes it */
    bool configure;       /* guest_start calls IntConfigureGuest */
    INTRO_GUEST_CONFIG config;
    bool use_exports;     /* exits go to IntHandleEptViolation, not to the registered handler */
    INTSTATUS set_rights_status;
    INTSTATUS register_status;
    INTSTATUS inject_status;
    query_hook *on_query;
    alert_hook *on_alert;
    void *context;        /* of the hooks */

    /* What the engine did. */
    _Atomic BYTE rights[GUEST_FRAMES]; /* bit 0 read, 1 write, 2 execute */
    _Atomic(PFUNC_IntEPTViolationCallback) ept_handler;
    _Atomic(PFUNC_IntEventInjectionCallback) injection_handler;
    struct {
        unsigned count;
        bool pending; /* the guest is not entered again before it is delivered */
        DWORD cpu;
        BYTE vector;
        DWORD error;
        QWORD cr2;
    } injected; /* the last exception that InjectTrap was asked for */
    atomic_uint counts[COUNT_KINDS];
    atomic_uint alert_count;
    DWORD alert_class;
    size_t alert_size;
    EVENT_EPT_VIOLATION *alerts; /* the first GUEST_MAX_ALERTS */

    /* Records of an active guest. */
    BYTE *records;
    DWORD stride;
};

/** A guest with consistent page tables, an IDT of 256 gates shared by all vCPUs, and kernel registers. */
struct guest *guest_create(unsigned cpu_count);

/** Frees it; the engine must be done with it. */
void guest_destroy(struct guest *guest);

/** Moves the IDT of one vCPU. */
void guest_set_idt(struct guest *guest, unsigned cpu, QWORD gla, DWORD limit);

/** Configures and declares if asked to, then NewGuestNotification; finds the records. */
INTSTATUS guest_start(struct guest *guest, QWORD options);

/** DisableIntro; then takes back what was declared. */
INTSTATUS guest_stop(struct guest *guest);

/** Record of a vCPU of an active guest. */
VCPU_STATE *guest_record(struct guest *guest, unsigned cpu);

/** Number of mappings that the engine has not unmapped. */
int guest_mapped(struct guest *guest);

/** Pulls a page away from under the engine, in every mapping of its own (MAP_FRESH) that it has: file -1: nothing is mapped there
 *  any more; else that file, which may be too short. Returns how many there were. */
unsigned guest_break_mappings(struct guest *guest, QWORD gpa, int file);

/** Whether every frame is readable, writable and executable, and no handler is registered. */
bool guest_is_free(struct guest *guest);

/* ---- exits -------------------------------------------------------------------------------------------------------- */

/** One store of the guest, as the hypervisor sees it. */
struct store {
    unsigned cpu;
    QWORD rip;
    QWORD gla;
    QWORD gpa;
    const void *data;    /* what is written; carried in the exit with VCPU_EXIT_DATA */
    DWORD size;
    IG_EPT_ACCESS access; /* 0: write */
    QWORD pushed;        /* VCPU_REG_ bits to push, 0: none */
    DWORD flags;         /* VCPU_EXIT_ bits */
};

/** What became of an exit. */
struct outcome {
    INTSTATUS status;
    INTRO_ACTION action;
    unsigned exits; /* more than 1: the engine asked to retry */
};

/** Pushes what is to be pushed, calls the handler, and does what *Action says: an allowed store lands in RAM. Retry enters
 *  the guest again, up to 8 times, unless the exit carries the data. */
struct outcome guest_store(struct guest *guest, const struct store *store);

/** A store of 8 bytes by mov [rdi], rsi, all registers pushed, data carried: sets RDI and RSI. */
struct outcome guest_store8(struct guest *guest, unsigned cpu, QWORD gla, QWORD gpa, QWORD value);

/** Addresses of a gate of the standard table. */
#define GATE_GLA(number) (GLA_IDT + 16ull * (number))
#define GATE_GPA(number) (GPA_IDT + 16ull * (number))

/* ---- the process -------------------------------------------------------------------------------------------------- */

/** The library under test and the tables that it was given. */
extern struct library lib;
extern GLUE_IFACE glue;
extern UPPER_IFACE upper;

/** Fills fresh tables: all of the first half, nothing of the second. */
void host_fill(GLUE_IFACE *glue_table, UPPER_IFACE *upper_table);

/** IntPreinit and IntInit with the standard tables. */
INTSTATUS host_init(void);

/** Whether a log line since the last host_log_clear() has the text in it. */
bool host_log_has(const char *text);
void host_log_clear(void);
void host_log_note(void); /* prints the log as notes */

/** Records a breach of the boundary by the engine, with a note. */
void host_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern atomic_uint host_errors;

/** The vCPU that this thread runs: the answer to CURRENT_TID. */
extern _Thread_local unsigned host_current_cpu;

/* Shared between the parts of the fake. */
#define GUEST_MAGIC 0x5453455547ull
struct guest *fake_guest_of(void *handle, const char *function);
void fake_glue_fill(GLUE_IFACE *table);
INTSTATUS fake_query(void *handle, DWORD info_class, void *parameter, void *buffer, DWORD length);
INTSTATUS fake_map(void *handle, QWORD gpa, DWORD length, DWORD flags, void **pointer);
INTSTATUS fake_unmap(void *handle, void **pointer);
INTSTATUS fake_trace(const CHAR *file, DWORD line, const CHAR *format, ...);

#endif /* FAKE_HYPERVISOR_H */
