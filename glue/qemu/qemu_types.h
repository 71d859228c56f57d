/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * Types and numbers of QEMU 7.2 and 10.0 that this plug-in uses: of the plug-in interface, and from inside. What they assume
 * is checked when the plug-in is loaded and when the protection starts: README.md has the list.
 */
#ifndef INTROCORE_QEMU_TYPES_H
#define INTROCORE_QEMU_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- types that are only pointed at ------------------------------------------------------------------------------ */

typedef struct CPUState CPUState;
typedef struct MemoryRegion MemoryRegion;
typedef struct RAMBlock RAMBlock;
typedef struct AddressSpace AddressSpace;
typedef struct ObjectClass ObjectClass;
typedef struct TranslatedBlock TranslatedBlock;
typedef struct TranslatedInstruction TranslatedInstruction;
typedef struct QemuTimer QemuTimer;
typedef struct Breakpoint Breakpoint;
typedef struct VmStateHandler VmStateHandler;
typedef uint64_t hwaddr;

/* ---- the plug-in interface ------------------------------------------------------------------------------------------ */

#define PLUGIN_API_OF_7 1  /* QEMU 7.2 accepts 0 to 1 */
#define PLUGIN_API_OF_10 4 /* QEMU 10.0 accepts 2 to 4 */

typedef uint64_t qemu_plugin_id_t;

/** What QEMU tells a plug-in about itself. */
typedef struct QemuPluginInfo {
    const char *target_name;
    struct {
        int min;
        int cur;
    } version;
    bool system_emulation;
    struct {
        int smp_vcpus;
        int max_vcpus;
    } system;
} QemuPluginInfo;

typedef void (*TranslateCallback)(qemu_plugin_id_t id, TranslatedBlock *block);
typedef void (*VcpuCallback)(qemu_plugin_id_t id, unsigned int vcpu);
typedef void (*InstructionCallback)(unsigned int vcpu, void *data);

#define PLUGIN_CALLBACK_READS_AND_WRITES_REGISTERS 2

/* ---- memory ------------------------------------------------------------------------------------------------------- */

/** Attributes of a memory access: bit fields that are passed by value in one register, of which QEMU 7.2 uses 32 bits. */
typedef struct MemTxAttrs {
    uint64_t bits;
} MemTxAttrs;

/** A bit that is set by whoever has nothing to say, as devices do, and never by a vCPU; and the identity of a device. */
#define ATTRS_UNSPECIFIED_7 0x1ull
#define ATTRS_REQUESTER_7 0xFFFF0ull
#define ATTRS_UNSPECIFIED_10 0x100000000ull
#define ATTRS_REQUESTER_10 0x3FFFC0ull

typedef uint32_t MemTxResult;
#define MEMTX_DONE 0u

#define DEVICE_LITTLE_ENDIAN 2

/** Callbacks of a region that is not plain RAM. */
typedef struct MemoryRegionOps {
    uint64_t (*read)(void *opaque, hwaddr offset, unsigned size);
    void (*write)(void *opaque, hwaddr offset, uint64_t data, unsigned size);
    MemTxResult (*read_with_attrs)(void *opaque, hwaddr offset, uint64_t *data, unsigned size, MemTxAttrs attrs);
    MemTxResult (*write_with_attrs)(void *opaque, hwaddr offset, uint64_t data, unsigned size, MemTxAttrs attrs);
    int endianness;
    struct {
        unsigned min_access_size;
        unsigned max_access_size;
        bool unaligned;
        bool (*accepts)(void *opaque, hwaddr offset, unsigned size, bool is_write, MemTxAttrs attrs);
    } valid;
    struct {
        unsigned min_access_size;
        unsigned max_access_size;
        bool unaligned;
    } impl;
} MemoryRegionOps;

/** Answer of a translating region: [iova, iova + addr_mask] is at translated_addr of target_as. */
typedef struct IommuEntry {
    AddressSpace *target_as;
    hwaddr iova;
    hwaddr translated_addr;
    hwaddr addr_mask;
    int permissions;
    uint32_t unused;
} IommuEntry;

#define IOMMU_READ_WRITE 3

typedef IommuEntry (*IommuTranslate)(MemoryRegion *region, hwaddr offset, int flag, int index);
typedef int (*IommuAttrsToIndex)(MemoryRegion *region, MemTxAttrs attrs);

/** Where the class of a translating region keeps its functions, from the start of the class. Checked in guard_windows.c. */
#define IOMMU_CLASS_TRANSLATE 96
#define IOMMU_CLASS_NOTIFY_FLAG_CHANGED 112
#define IOMMU_CLASS_ATTRS_TO_INDEX 136

#define TYPE_IOMMU_REGION "iommu-memory-region"
#define TYPE_KNOWN_IOMMU_REGION "intel-iommu-iommu-memory-region"

/** More than any object has that is initialised in place. */
#define OBJECT_SPACE 8192

/** Description of a type of QEMU's object model. */
typedef struct TypeDescription {
    const char *name;
    const char *parent;
    size_t instance_size;
    size_t instance_align;
    void (*instance_init)(void *object);
    void (*instance_post_init)(void *object);
    void (*instance_finalize)(void *object);
    bool is_abstract;
    size_t class_size;
    void (*class_init)(ObjectClass *class, void *data);
    void (*class_base_init)(ObjectClass *class, void *data);
    void *class_data;
    void *interfaces;
} TypeDescription;

/* ---- a vCPU ------------------------------------------------------------------------------------------------------- */

/** Argument of work that is queued for a vCPU. */
typedef union CpuWorkArgument {
    int host_int;
    unsigned long host_ulong;
    void *host_ptr;
    uint64_t target_ptr;
} CpuWorkArgument;

typedef void (*CpuWork)(CPUState *cpu, CpuWorkArgument argument);

/** A segment register as QEMU caches it; flags is the second word of its descriptor. */
typedef struct QemuSegment {
    uint32_t selector;
    uint64_t base;
    uint32_t limit;
    uint32_t flags;
} QemuSegment;

/** Order of QEMU's segment registers. */
enum { QEMU_ES, QEMU_CS, QEMU_SS, QEMU_DS, QEMU_FS, QEMU_GS, QEMU_SEGMENT_COUNT };

/**
 * The head of QEMU's x86 CPU state. Where it lies in the CPU object is searched, and what it says is compared with QEMU's own
 * dump of the CPU (vcpu_layout.c).
 */
typedef struct QemuX86State {
    uint64_t regs[16]; /* in the order of the instruction encoding */
    uint64_t rip;
    uint64_t rflags; /* without the arithmetic flags and DF */
    uint64_t cc_dst;
    uint64_t cc_src;
    uint64_t cc_src2;
    uint32_t cc_op; /* how the arithmetic flags follow from the three above */
    int32_t df;     /* 1, or -1 when DF is set */
    uint32_t hflags;
    uint32_t hflags2;
    QemuSegment segments[QEMU_SEGMENT_COUNT];
    QemuSegment ldt;
    QemuSegment tr;
    QemuSegment gdt;
    QemuSegment idt;
    uint64_t cr[5];
} QemuX86State;

#define HFLAGS_CPL_MASK 0x3u
#define HFLAGS_CS32 0x10u
#define HFLAGS_CS64 0x8000u

/** Value of cc_op: the arithmetic flags are in cc_src as they are. */
#define CC_OP_IN_CC_SRC_7 1u
#define CC_OP_IN_CC_SRC_10 0u

/**
 * Where a member of an object is, as QEMU describes it for its snapshots. 104 bytes; an array ends with a null name.
 */
typedef struct StateField {
    const char *name;
    const char *error_hint;
    size_t offset; /* from the start of the object */
    size_t size;   /* of one element */
    size_t unused[9];
} StateField;

/** Where the description of an object has its array of fields. */
#define STATE_DESCRIPTION_FIELDS 72

/** Flag of a breakpoint that QEMU does not act on. */
#define BREAKPOINT_WITHOUT_EFFECT 0x1000

/** Numbers of x86_cpu_gdb_read_register. */
enum {
    GDB_RIP = 16,
    GDB_FS_BASE = 24,
    GDB_GS_BASE = 25,
    GDB_CR0 = 27,
    GDB_CR2 = 28,
    GDB_CR3 = 29,
    GDB_CR4 = 30,
    GDB_CR8 = 31,
    GDB_EFER = 32
};

/* ---- the machine -------------------------------------------------------------------------------------------------- */

/** Answer of QMP's query-version. */
typedef struct QemuVersion {
    struct {
        int64_t major;
        int64_t minor;
        int64_t micro;
    } *qemu;
    char *package;
} QemuVersion;

/** Names of an enumeration of QMP, by value. */
typedef struct EnumNames {
    const char *const *names;
    const unsigned char *features;
    int count;
} EnumNames;

typedef void (*VmStateCallback)(void *opaque, bool is_running, int run_state);
typedef void (*ResetCallback)(void *opaque);
typedef void (*TimerCallback)(void *opaque);

/** QEMU's clock of real time, which goes on while the machine is stopped; and its scale of nanoseconds. */
#define CLOCK_OF_REAL_TIME 0
#define SCALE_NANOSECONDS 1
#define TIMER_SPACE 256 /* more than a timer has */

#endif
