/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * What this plug-in uses of QEMU 7.2: the plug-in interface and functions, types and numbers from inside of it.
 *
 * Nothing here is linked against. Every function is looked up by name when the plug-in is loaded (qemu_symbols.c), so that a
 * QEMU that lacks one leads to a message that names it, and not to a failure of the dynamic linker.
 */
#ifndef INTROCORE_QEMU_INTERNALS_H
#define INTROCORE_QEMU_INTERNALS_H

#include <glib.h>
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
typedef struct VmStateHandler VmStateHandler;
typedef uint64_t hwaddr;

/* ---- the plug-in interface, version 1 ----------------------------------------------------------------------------- */

#define QEMU_PLUGIN_API_VERSION 1

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

/* ---- memory ------------------------------------------------------------------------------------------------------- */

/** Attributes of a memory access: one 32-bit word of bit fields, passed by value. */
typedef struct MemTxAttrs {
    uint32_t bits;
} MemTxAttrs;

#define MEMTX_UNSPECIFIED_BIT 0x1u    /* set by whoever has nothing to say, as devices do; never by a vCPU */
#define MEMTX_REQUESTER_MASK 0xFFFF0u /* identity of a device */

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
} IommuEntry;

#define IOMMU_READ_WRITE 3

typedef IommuEntry (*IommuTranslate)(MemoryRegion *region, hwaddr offset, int flag, int index);
typedef int (*IommuAttrsToIndex)(MemoryRegion *region, MemTxAttrs attrs);

/** Where the class of a translating region keeps its functions, from the start of the class. Checked in qemu_checks.c. */
#define IOMMU_CLASS_TRANSLATE 96
#define IOMMU_CLASS_NOTIFY_FLAG_CHANGED 112
#define IOMMU_CLASS_ATTRS_TO_INDEX 136

#define TYPE_MEMORY_REGION "memory-region"
#define TYPE_IOMMU_REGION "iommu-memory-region"
#define TYPE_KNOWN_IOMMU_REGION "intel-iommu-iommu-memory-region"
#define TYPE_X86_CPU "x86_64-cpu"

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
 * dump of the CPU (cpu_layout.c).
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
#define CC_OP_IN_CC_SRC 1u /* value of cc_op: the arithmetic flags are in cc_src as they are */

/** Numbers of x86_cpu_gdb_read_register. */
enum {
    GDB_RIP = 16,
    GDB_FS_BASE = 24,
    GDB_GS_BASE = 25,
    GDB_KERNEL_GS_BASE = 26,
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

/* ---- functions ---------------------------------------------------------------------------------------------------- */

/** F(result, name, parameters) for every function that is used. */
#define QEMU_FUNCTIONS(F)                                                                                                 \
    F(void, qemu_plugin_register_vcpu_tb_trans_cb, (qemu_plugin_id_t, TranslateCallback))                                 \
    F(void, qemu_plugin_register_vcpu_init_cb, (qemu_plugin_id_t, VcpuCallback))                                          \
    F(uint64_t, qemu_plugin_tb_vaddr, (const TranslatedBlock *))                                                          \
    F(QemuVersion *, qmp_query_version, (void **error))                                                                   \
    F(CPUState *, qemu_get_cpu, (int index))                                                                              \
    F(void, cpu_dump_state, (CPUState *, FILE *, int flags))                                                              \
    F(int, x86_cpu_gdb_read_register, (CPUState *, GByteArray *, int number))                                             \
    F(int, x86_cpu_gdb_write_register, (CPUState *, uint8_t *, int number))                                               \
    F(uint32_t, cpu_cc_compute_all, (QemuX86State *, int cc_op))                                                          \
    F(bool, cpu_restore_state, (CPUState *, uintptr_t host_pc))                                                           \
    F(void, cpu_loop_exit, (CPUState *))                                                                                  \
    F(void, async_safe_run_on_cpu, (CPUState *, CpuWork, CpuWorkArgument))                                                \
    F(void, tlb_flush, (CPUState *))                                                                                      \
    F(void, qemu_mutex_lock_iothread_impl, (const char *file, int line))                                                  \
    F(void, qemu_mutex_unlock_iothread, (void))                                                                           \
    F(bool, qemu_mutex_iothread_locked, (void))                                                                           \
    F(MemoryRegion *, get_system_memory, (void))                                                                          \
    F(void, memory_region_init_rom_device_nomigrate,                                                                      \
      (MemoryRegion *, void *owner, const MemoryRegionOps *, void *opaque, const char *name, uint64_t size,               \
       void **error))                                                                                                     \
    F(void, memory_region_init_alias,                                                                                     \
      (MemoryRegion *, void *owner, const char *name, MemoryRegion *original, hwaddr offset, uint64_t size))              \
    F(void, memory_region_init_iommu,                                                                                     \
      (MemoryRegion *, size_t instance_size, const char *type, void *owner, const char *name, uint64_t size))             \
    F(void, memory_region_add_subregion_overlap, (MemoryRegion *, hwaddr offset, MemoryRegion *, int priority))           \
    F(void, memory_region_transaction_begin, (void))                                                                      \
    F(void, memory_region_transaction_commit, (void))                                                                     \
    F(void *, memory_region_get_ram_ptr, (MemoryRegion *))                                                                \
    F(uint64_t, memory_region_size, (MemoryRegion *))                                                                     \
    F(MemoryRegion *, memory_region_from_host, (void *host, uint64_t *offset))                                            \
    F(int, memory_region_iommu_attrs_to_index, (MemoryRegion *, MemTxAttrs))                                              \
    F(RAMBlock *, qemu_ram_block_from_host, (void *host, bool round_offset, uint64_t *offset))                            \
    F(void, qemu_ram_free, (RAMBlock *))                                                                                  \
    F(void, cpu_physical_memory_rw, (hwaddr, void *buffer, hwaddr length, bool is_write))                                 \
    F(void *, cpu_physical_memory_map, (hwaddr, hwaddr *length, bool is_write))                                           \
    F(void, cpu_physical_memory_unmap, (void *buffer, hwaddr length, bool is_write, hwaddr access_length))                \
    F(void *, type_register_static, (const TypeDescription *))                                                            \
    F(size_t, object_type_get_instance_size, (const char *type))                                                          \
    F(ObjectClass *, object_class_by_name, (const char *type))                                                            \
    F(void, qemu_register_reset, (ResetCallback, void *opaque))                                                           \
    F(VmStateHandler *, qemu_add_vm_change_state_handler, (VmStateCallback, void *opaque))

/** Every function of QEMU that is used, as qemu_symbols.c found it, and the few variables. */
typedef struct QemuInterface {
#define QEMU_MEMBER(result, name, parameters) result(*name) parameters;
    QEMU_FUNCTIONS(QEMU_MEMBER)
#undef QEMU_MEMBER
    AddressSpace *address_space_memory;
    const int *use_icount;
    const EnumNames *run_state_names;
} QemuInterface;

extern QemuInterface qemu;

/**
 * Looks up all of the above and checks that this is a QEMU 7.2 which emulates a whole x86-64 machine. Says what is missing
 * and returns false otherwise. version receives "7.2.x".
 */
bool qemu_symbols_resolve(const QemuPluginInfo *info, char *version, size_t version_size);

/** The vCPU that the calling thread is running, or null. */
CPUState *qemu_current_cpu(void);

/** Takes QEMU's big lock unless the thread has it. Returns what to give to qemu_big_lock_release. */
bool qemu_big_lock_acquire(void);

/** Releases the big lock if the matching call took it. */
void qemu_big_lock_release(bool was_taken);

#endif
