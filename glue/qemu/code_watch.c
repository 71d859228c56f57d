// SPDX-License-Identifier: GPL-2.0-or-later
// Callbacks before the instructions that are watched. Those that load a register get one whenever they are translated, whether
// the engine wants to know or not; that is asked when they are about to run, so that nothing has to be translated anew. Those of
// a page that must not be executed get one if it is such a page when they are translated.
//
// The registers must be exact. QEMU 10 sees to that. Under QEMU 7.2 registers that the block has changed before may still be in
// registers of the host, so there the instruction has to be the first of its block. Blocks in which it is not get a callback at
// their start: it sets a breakpoint without effect on the instruction, and leaves the block. In the page of a breakpoint QEMU
// translates one instruction a block, up to the breakpoint itself. There the breakpoint is taken away again.

#include "code_watch.h"

#include <string.h>

#include "event_log.h"
#include "fetch_exit.h"
#include "fetch_guard.h"
#include "guest_memory.h"
#include "kexec.h"
#include "register_exit.h"
#include "register_services.h"
#include "vcpu.h"

#define MAX_SPLIT_ATTEMPTS 1000

static WatchedInstruction from_data(void *data)
{
    WatchedInstruction result;

    memcpy(&result, &data, sizeof result);
    return result;
}

static void *to_data(WatchedInstruction instruction)
{
    void *data;

    memcpy(&data, &instruction, sizeof data);
    return data;
}

/** Whether somebody wants to know of it now. */
static bool is_wanted(WatchedInstruction instruction)
{
    if (instruction.kind == WATCHED_FETCH)
        return fetch_guard_is_used();
    return register_is_armed(instruction) || kexec_is_watched(instruction);
}

/* ---- splitting of blocks, QEMU 7.2 -------------------------------------------------------------------------------- */

static void remove_splits(Vcpu *vcpu)
{
    for (unsigned i = 0; i < vcpu->splits; i++)
        qemu.cpu_breakpoint_remove(vcpu->cpu, vcpu->split[i], BREAKPOINT_WITHOUT_EFFECT);
    vcpu->splits = 0;
}

/** Whether this address has been tried so often in a row that breakpoints cannot have the effect that is counted on. The
 *  instruction is let run then. */
static bool is_hopeless(Vcpu *vcpu, uint64_t address)
{
    if (!vcpu->splits || vcpu->split[0] != address)
        vcpu->split_attempts = 0;
    if (++vcpu->split_attempts < MAX_SPLIT_ATTEMPTS)
        return false;
    log_error_limited("cpu=%u: the instruction at 0x%llx cannot be made the first of its block; it was not told to the engine",
                      vcpu->index, (unsigned long long)address);
    return true;
}

static void add_split(Vcpu *vcpu, uint64_t address)
{
    if (qemu.cpu_breakpoint_insert(vcpu->cpu, address, BREAKPOINT_WITHOUT_EFFECT, NULL) == 0)
        vcpu->split[vcpu->splits++] = address;
}

/** At the start of a block with a watched instruction further on: place is its distance from here. */
static void on_block_to_split(unsigned index, void *data)
{
    WatchedInstruction instruction = from_data(data);
    Vcpu *vcpu = vcpu_get(index);
    RestoredState before;
    uint64_t start, address;

    if (!vcpu || !vcpu->record || !is_wanted(instruction) ||
        !vcpu_restore_at(vcpu, (uintptr_t)__builtin_return_address(0), &before))
        return;
    start = vcpu_linear_rip(vcpu);
    address = start + instruction.place;
    if (is_hopeless(vcpu, address)) {
        vcpu_put_back(vcpu, &before);
        return;
    }
    remove_splits(vcpu);
    add_split(vcpu, address);
    if ((start ^ address) / PAGE_BYTES != 0)
        add_split(vcpu, start ^ 1); // so that the page where the block starts is cut up as well
    qemu.cpu_loop_exit(vcpu->cpu);
}

/** In the callback of a watched instruction: whether it is the one for which the page is being cut up. */
static bool has_arrived(Vcpu *vcpu, uintptr_t return_address)
{
    RestoredState before;
    bool is_here;

    if (!vcpu_restore_at(vcpu, return_address, &before))
        return false;
    is_here = vcpu_linear_rip(vcpu) == vcpu->split[0];
    vcpu_put_back(vcpu, &before);
    return is_here;
}

/* ---- callbacks ---------------------------------------------------------------------------------------------------- */

/** Before a watched instruction. */
static void on_instruction(unsigned index, void *data)
{
    WatchedInstruction instruction = from_data(data);
    Vcpu *vcpu = vcpu_get(index);

    if (!vcpu)
        return;
    if (vcpu->splits && has_arrived(vcpu, (uintptr_t)__builtin_return_address(0)))
        remove_splits(vcpu);
    if (!vcpu->record || !is_wanted(instruction))
        return;
    if (instruction.kind == WATCHED_FETCH)
        fetch_exit(vcpu, instruction, (uintptr_t)__builtin_return_address(0));
    else
        register_exit(vcpu, instruction, (uintptr_t)__builtin_return_address(0));
}

static void add_callback(TranslatedInstruction *where, InstructionCallback callback, WatchedInstruction instruction)
{
    qemu.qemu_plugin_register_vcpu_insn_exec_cb(where, callback, PLUGIN_CALLBACK_READS_AND_WRITES_REGISTERS,
                                                to_data(instruction));
}

/** What is watched about one instruction. */
typedef struct Watches {
    unsigned count;
    WatchedInstruction list[2]; /* in the order in which they are told */
} Watches;

static Watches find_watches(const TranslatedInstruction *instruction)
{
    uint8_t bytes[MAX_INSTRUCTION];
    WatchedInstruction found = instruction_match(bytes, qemu_instruction_bytes(instruction, bytes, sizeof bytes));
    Watches watches = {.count = 0};

    if (fetch_guard_is_used()) {
        const BYTE *host = qemu.qemu_plugin_insn_haddr(instruction);
        QWORD offset = (QWORD)(host - guest_memory.host);

        if (host >= guest_memory.host && offset < guest_memory.size && fetch_guard_has(offset))
            watches.list[watches.count++] =
                (WatchedInstruction){.kind = WATCHED_FETCH, .length = found.length, .place = offset};
    }
    if (found.kind != WATCHED_NOT)
        watches.list[watches.count++] = found;
    return watches;
}

void code_watch_block(const TranslatedBlock *block)
{
    size_t count = qemu.qemu_plugin_tb_n_insns(block);
    TranslatedInstruction *first = count ? qemu.qemu_plugin_tb_get_insn(block, 0) : NULL;

    // The first one comes last: callbacks run in the order of their making, and those that leave the block have to be first.
    for (size_t i = count; i-- > 0;) {
        TranslatedInstruction *at = qemu.qemu_plugin_tb_get_insn(block, i);
        Watches watches = find_watches(at);

        for (unsigned n = 0; n < watches.count; n++) {
            if (i == 0 || qemu.has_exact_callbacks) {
                add_callback(at, on_instruction, watches.list[n]);
            } else {
                watches.list[n].place = qemu.qemu_plugin_insn_vaddr(at) - qemu.qemu_plugin_insn_vaddr(first);
                add_callback(first, on_block_to_split, watches.list[n]);
            }
        }
    }
}
