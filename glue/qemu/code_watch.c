// SPDX-License-Identifier: GPL-2.0-or-later
// Callbacks before the instructions that are watched. Every block that has one gets them when it is translated, whether the
// engine wants to know or not; that is asked when the instruction is about to run, so that nothing has to be translated anew.
//
// The registers must be exact. QEMU 10 sees to that. Under QEMU 7.2 registers that the block has changed before may still be in
// registers of the host, so there the instruction has to be the first of its block. Blocks in which it is not get a callback at
// their start: it sets a breakpoint without effect on the instruction, and leaves the block. In the page of a breakpoint QEMU
// translates one instruction a block, up to the breakpoint itself. There the breakpoint is taken away again.

#include "code_watch.h"

#include <string.h>

#include "event_log.h"
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

    if (!vcpu || !vcpu->record || !register_is_armed(instruction) ||
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

/* ---- callbacks ---------------------------------------------------------------------------------------------------- */

/** Before a watched instruction. */
static void on_instruction(unsigned index, void *data)
{
    WatchedInstruction instruction = from_data(data);
    Vcpu *vcpu = vcpu_get(index);

    if (!vcpu)
        return;
    if (vcpu->splits)
        remove_splits(vcpu);
    if (vcpu->record && register_is_armed(instruction))
        register_exit(vcpu, instruction, (uintptr_t)__builtin_return_address(0));
}

static void add_callback(TranslatedInstruction *where, InstructionCallback callback, WatchedInstruction instruction)
{
    qemu.qemu_plugin_register_vcpu_insn_exec_cb(where, callback, PLUGIN_CALLBACK_READS_AND_WRITES_REGISTERS,
                                                to_data(instruction));
}

void code_watch_block(const TranslatedBlock *block)
{
    TranslatedInstruction *first = NULL;
    WatchedInstruction of_first = {.kind = WATCHED_NOT};
    size_t count = qemu.qemu_plugin_tb_n_insns(block);

    for (size_t i = 0; i < count; i++) {
        TranslatedInstruction *at = qemu.qemu_plugin_tb_get_insn(block, i);
        uint8_t bytes[MAX_INSTRUCTION];
        WatchedInstruction instruction = instruction_match(bytes, qemu_instruction_bytes(at, bytes, sizeof bytes));

        if (i == 0) {
            first = at;
            of_first = instruction;
        } else if (instruction.kind != WATCHED_NOT && qemu.has_exact_callbacks) {
            add_callback(at, on_instruction, instruction);
        } else if (instruction.kind != WATCHED_NOT) {
            instruction.place = qemu.qemu_plugin_insn_vaddr(at) - qemu.qemu_plugin_insn_vaddr(first);
            add_callback(first, on_block_to_split, instruction);
        }
    }
    // After those that leave the block: callbacks run in this order.
    if (of_first.kind != WATCHED_NOT)
        add_callback(first, on_instruction, of_first);
}
