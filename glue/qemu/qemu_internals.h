/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * The functions of QEMU that this plug-in uses, most of them from inside of it.
 *
 * Nothing here is linked against. Every function is looked up by name when the plug-in is loaded (qemu_symbols.c), so that a
 * QEMU that lacks one leads to a message that names it, and not to a failure of the dynamic linker.
 */
#ifndef INTROCORE_QEMU_INTERNALS_H
#define INTROCORE_QEMU_INTERNALS_H

#include <glib.h>

#include "qemu_types.h"

/** F(result, name, parameters) for every function that is used. */
#define QEMU_FUNCTIONS(F)                                                                                                 \
    F(void, qemu_plugin_register_vcpu_tb_trans_cb, (qemu_plugin_id_t, TranslateCallback))                                 \
    F(void, qemu_plugin_register_vcpu_init_cb, (qemu_plugin_id_t, VcpuCallback))                                          \
    F(uint64_t, qemu_plugin_tb_vaddr, (const TranslatedBlock *))                                                          \
    F(size_t, qemu_plugin_tb_n_insns, (const TranslatedBlock *))                                                          \
    F(TranslatedInstruction *, qemu_plugin_tb_get_insn, (const TranslatedBlock *, size_t index))                          \
    F(size_t, qemu_plugin_insn_size, (const TranslatedInstruction *))                                                     \
    F(uint64_t, qemu_plugin_insn_vaddr, (const TranslatedInstruction *))                                                  \
    F(void *, qemu_plugin_insn_haddr, (const TranslatedInstruction *))                                                    \
    F(void, qemu_plugin_register_vcpu_insn_exec_cb, (TranslatedInstruction *, InstructionCallback, int flags, void *))    \
    F(int, cpu_breakpoint_insert, (CPUState *, uint64_t address, int flags, Breakpoint **))                               \
    F(int, cpu_breakpoint_remove, (CPUState *, uint64_t address, int flags))                                              \
    F(uint64_t, qemu_ram_addr_from_host, (void *host))                                                                    \
    F(int64_t, qemu_clock_get_ns, (int clock))                                                                            \
    F(void, timer_init_full, (QemuTimer *, void *group, int clock, int scale, int attributes, TimerCallback, void *))     \
    F(void, timer_mod_ns, (QemuTimer *, int64_t expires))                                                                 \
    F(void, timer_del, (QemuTimer *))                                                                                     \
    F(QemuVersion *, qmp_query_version, (void **error))                                                                   \
    F(CPUState *, qemu_get_cpu, (int index))                                                                              \
    F(void, cpu_dump_state, (CPUState *, FILE *, int flags))                                                              \
    F(int, x86_cpu_gdb_read_register, (CPUState *, GByteArray *, int number))                                             \
    F(int, x86_cpu_gdb_write_register, (CPUState *, uint8_t *, int number))                                               \
    F(uint32_t, cpu_cc_compute_all, (QemuX86State *, int cc_op))                                                          \
    F(bool, cpu_restore_state, (CPUState *, uintptr_t host_pc))                                                           \
    F(void, cpu_loop_exit, (CPUState *))                                                                                  \
    F(void, async_safe_run_on_cpu, (CPUState *, CpuWork, CpuWorkArgument))                                                \
    F(void, tb_flush, (CPUState *))                                                                                       \
    F(void, tlb_flush, (CPUState *))                                                                                      \
    F(MemoryRegion *, get_system_memory, (void))                                                                          \
    F(void, memory_region_init_rom_device_nomigrate,                                                                      \
      (MemoryRegion *, void *owner, const MemoryRegionOps *, void *opaque, const char *name, uint64_t size,               \
       void **error))                                                                                                     \
    F(void, memory_region_init_io,                                                                                        \
      (MemoryRegion *, void *owner, const MemoryRegionOps *, void *opaque, const char *name, uint64_t size))              \
    F(void, memory_region_init_alias,                                                                                     \
      (MemoryRegion *, void *owner, const char *name, MemoryRegion *original, hwaddr offset, uint64_t size))              \
    F(void, memory_region_init_iommu,                                                                                     \
      (MemoryRegion *, size_t instance_size, const char *type, void *owner, const char *name, uint64_t size))             \
    F(void, memory_region_add_subregion_overlap, (MemoryRegion *, hwaddr offset, MemoryRegion *, int priority))           \
    F(void, memory_region_transaction_begin, (void))                                                                      \
    F(void, memory_region_transaction_commit, (void))                                                                     \
    F(void *, memory_region_get_ram_ptr, (MemoryRegion *))                                                                \
    F(void, memory_region_set_dirty, (MemoryRegion *, hwaddr offset, hwaddr size))                                        \
    F(uint64_t, memory_region_size, (MemoryRegion *))                                                                     \
    F(MemoryRegion *, memory_region_from_host, (void *host, uint64_t *offset))                                            \
    F(int, memory_region_iommu_attrs_to_index, (MemoryRegion *, MemTxAttrs))                                              \
    F(RAMBlock *, qemu_ram_block_from_host, (void *host, bool round_offset, uint64_t *offset))                            \
    F(void, qemu_ram_free, (RAMBlock *))                                                                                  \
    F(void, cpu_physical_memory_rw, (hwaddr, void *buffer, hwaddr length, bool is_write))                                 \
    F(void *, cpu_physical_memory_map, (hwaddr, hwaddr *length, bool is_write))                                           \
    F(void, cpu_physical_memory_unmap, (void *buffer, hwaddr length, bool is_write, hwaddr access_length))                \
    F(void *, type_register_static, (const TypeDescription *))                                                            \
    F(ObjectClass *, object_class_by_name, (const char *type))                                                            \
    F(void, qemu_register_reset, (ResetCallback, void *opaque))                                                           \
    F(VmStateHandler *, qemu_add_vm_change_state_handler, (VmStateCallback, void *opaque))

/** F(result, member, name in 7.2, name in 10.0, parameters) for those that have two names or two forms. */
#define QEMU_VERSIONED_FUNCTIONS(F)                                                                                       \
    F(void, big_lock, "qemu_mutex_lock_iothread_impl", "bql_lock_impl", (const char *file, int line))                     \
    F(void, big_unlock, "qemu_mutex_unlock_iothread", "bql_unlock", (void))                                               \
    F(bool, big_locked, "qemu_mutex_iothread_locked", "bql_locked", (void))                                               \
    F(const void *, insn_data_7, "qemu_plugin_insn_data", NULL, (const TranslatedInstruction *))                          \
    F(size_t, insn_data_10, NULL, "qemu_plugin_insn_data", (const TranslatedInstruction *, void *, size_t))               \
    F(void, invalidate_before, "tb_invalidate_phys_range", NULL, (uint64_t start, uint64_t end))                          \
    F(void, invalidate_through, NULL, "tb_invalidate_phys_range", (uint64_t start, uint64_t last))

/** Every function of QEMU that is used, as qemu_symbols.c found it, and the few variables and numbers. */
typedef struct QemuInterface {
#define QEMU_MEMBER(result, name, parameters) result(*name) parameters;
    QEMU_FUNCTIONS(QEMU_MEMBER)
#undef QEMU_MEMBER
#define QEMU_MEMBER(result, member, name_7, name_10, parameters) result(*member) parameters;
    QEMU_VERSIONED_FUNCTIONS(QEMU_MEMBER)
#undef QEMU_MEMBER
    AddressSpace *address_space_memory;
    const int *use_icount;
    const EnumNames *run_state_names;
    const char *cpu_description; /* of QEMU's CPU object: see vcpu_fields.c */
    uint64_t attrs_unspecified, attrs_requester;
    uint32_t cc_op_in_cc_src;
    bool has_exact_callbacks; /* callbacks before an instruction see the registers as they are; 7.2 leaves some in host registers */
} QemuInterface;

extern QemuInterface qemu;

/**
 * Looks up all of the above and checks that this is a QEMU 7.2 or 10.0 which emulates a whole x86-64 machine. Says what is
 * missing and returns false otherwise. version receives "7.2.x".
 */
bool qemu_symbols_resolve(const QemuPluginInfo *info, char *version, size_t version_size);

/** The version of the plug-in interface to declare to the QEMU of this process, before it has called us. */
int qemu_plugin_api_to_declare(void);

/** The bytes of an instruction. Returns how many there are. */
size_t qemu_instruction_bytes(const TranslatedInstruction *instruction, uint8_t *bytes, size_t room);

/** Drops what was translated from a part of QEMU's RAM. */
void qemu_invalidate_code(void *host, size_t length);

/** The vCPU that the calling thread is running, or null. */
CPUState *qemu_current_cpu(void);

/** Takes QEMU's big lock unless the thread has it. Returns what to give to qemu_big_lock_release. */
bool qemu_big_lock_acquire(void);

/** Releases the big lock if the matching call took it. */
void qemu_big_lock_release(bool was_taken);

#endif
