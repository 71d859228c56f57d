/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * The functions of QEMU 7.2 that this plug-in uses, most of them from inside of it.
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
