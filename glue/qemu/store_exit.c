// SPDX-License-Identifier: GPL-2.0-or-later
// A store to a guarded page: it is told to the engine before it lands, and the engine's answer is carried out.

#include <inttypes.h>
#include <string.h>

#include "engine.h"
#include "event_log.h"
#include "guest_memory.h"
#include "host_services.h"
#include "session.h"
#include "statistics.h"
#include "vcpu_exit.h"
#include "page_guard.h"

#define MAX_STORE 8u

/** Whether the bytes are to be written, by the engine's answer. */
static bool lets_store_land(INTRO_ACTION action)
{
    // Patched bytes are for an instruction that is executed again; here the bytes of the store are known and judged.
    return action == introGuestAllowed || action == introGuestAllowedPatched || action == introGuestIgnore;
}

/**
 * Whether the engine may perform the whole store. Not where a part of it has happened: QEMU itself has stored the part on the page
 * before a guarded one, and we the pieces that the engine has left to us; an instruction that changes what is there would do so twice.
 */
static bool engine_may_complete(const Vcpu *vcpu, StoreOrigin origin, QWORD gpa)
{
    bool is_further_piece = vcpu->piece_rip == vcpu->state->rip && vcpu->piece_next == gpa;

    return session_engine_stores() && origin == STORE_BY_INSTRUCTION && gpa % PAGE_SIZE != 0 && !is_further_piece;
}

/** What the engine has stored must be what QEMU was about to store, unless another vCPU has stored there since. */
static void compare(const Vcpu *vcpu, QWORD block_offset, uint64_t data, unsigned size)
{
    if (memcmp(guest_memory.host + block_offset, &data, size) != 0)
        log_error_limited("cpu=%u rip=0x%" PRIx64 ": the engine has stored other bytes than QEMU was about to", vcpu->index,
                          vcpu->state->rip);
}

/** The engine had the store to itself: it has performed it, or has it not happen; then the instruction disappears. */
static void finish_for_engine(Vcpu *vcpu, QWORD block_offset, QWORD gpa, uint64_t data, unsigned size, INTRO_ACTION action)
{
    VCPU_STATE *record = vcpu->record;

    if (action == introGuestAllowedVirtual) {
        compare(vcpu, block_offset, data, size);
        page_guard_was_written(gpa);
        page_guard_was_written(record->Gpa); // the piece on the other page, if there is one
        statistics_completed();
    } else if (action == introGuestNotAllowed && record->Instruction.Length) {
        record->Regs.Rip = vcpu->state->rip + record->Instruction.Length;
        record->DirtyMask |= VCPU_REG_RIP;
    }
}

/** A piece of a store is written here. */
static void write_piece(Vcpu *vcpu, QWORD block_offset, QWORD gpa, uint64_t data, unsigned size)
{
    page_guard_store(block_offset, &data, size);
    vcpu->piece_rip = vcpu->state->rip;
    vcpu->piece_next = gpa + size;
}

/** A store of a vCPU. Does not return where the instruction is left. */
static void vcpu_store(Vcpu *vcpu, PFUNC_IntEPTViolationCallback handler, QWORD block_offset, QWORD gpa, uint64_t data,
                       unsigned size, uint64_t begin)
{
    INTRO_ACTION action = introGuestNotAllowed; // until the engine has answered
    RestoredState before;
    StoreOrigin origin = vcpu_restore(vcpu, &before);
    bool is_for_engine = engine_may_complete(vcpu, origin, gpa), leaves;
    uint64_t called, returned;
    INTSTATUS status;

    vcpu_exit_begin(vcpu);
    vcpu->record->ExitFlags = is_for_engine ? VCPU_EXIT_NO_GLA : VCPU_EXIT_DATA | VCPU_EXIT_NO_GLA;
    vcpu->record->ExitDataSize = size;
    memcpy(vcpu->record->ExitData, &data, size);
    called = clock_nanoseconds();
    status = handler(session_guest(), gpa, 0, 0, vcpu->index, &action, IG_EPT_HOOK_WRITE);
    returned = clock_nanoseconds();
    vcpu_exit_end(vcpu, "a store", status, action);
    if (lets_store_land(action))
        write_piece(vcpu, block_offset, gpa, data, size);
    if (is_for_engine)
        finish_for_engine(vcpu, block_offset, gpa, data, size, action);
    leaves = vcpu_exit_apply(vcpu, origin) || (vcpu_exit_is_retried(vcpu, action) && origin == STORE_BY_INSTRUCTION);
    if (!leaves)
        vcpu_put_back(vcpu, &before);
    statistics_exit(STATISTICS_STORE, action == introGuestNotAllowed, returned - called, clock_nanoseconds() - begin);
    if (leaves)
        qemu.cpu_loop_exit(vcpu->cpu); // back to QEMU's main loop, which takes care of the lock; nothing below us is managed
}

/** A store that no vCPU makes. */
static void device_store(QWORD block_offset, QWORD gpa, uint64_t data, unsigned size, uint64_t begin)
{
    INTRO_ACTION action = introGuestNotAllowed;
    uint64_t called = clock_nanoseconds(), returned;
    INTSTATUS status = engine.IntHandleDeviceStore(session_guest(), gpa, size, &data, &action);

    returned = clock_nanoseconds();
    if (!INT_SUCCESS(status) && status != INT_STATUS_NOT_FOUND)
        log_error_limited("gpa=0x%" PRIx64 ": IntHandleDeviceStore failed: %s; its action is %d", gpa,
                          engine.IntStatusToString(status), action);
    // A device cannot be made to try again: Retry drops the store.
    if (lets_store_land(action))
        page_guard_store(block_offset, &data, size);
    statistics_exit(STATISTICS_STORE, action == introGuestNotAllowed, returned - called, clock_nanoseconds() - begin);
}

MemTxResult store_exit(QWORD block_offset, uint64_t data, unsigned size, MemTxAttrs attrs)
{
    uint64_t begin = clock_nanoseconds();
    PFUNC_IntEPTViolationCallback handler = host_services_handler();
    // A device may store on the thread of a vCPU that has just talked to it; only a vCPU's own stores have no attributes.
    bool is_of_vcpu = !(attrs.bits & (qemu.attrs_unspecified | qemu.attrs_requester));
    Vcpu *vcpu = is_of_vcpu ? vcpu_current() : NULL;
    QWORD gpa;

    if (size > MAX_STORE || !guest_memory_gpa(block_offset, &gpa)) {
        log_error_limited("a store of %u bytes at 0x%" PRIx64 " of the RAM block is dropped: it is no RAM of the guest", size,
                          block_offset);
        return MEMTX_DONE;
    }
    if (!handler || !(page_guard_of(block_offset) & PAGE_GUARD_WRITE)) // about to be free, or guarded against reads alone
        page_guard_store(block_offset, &data, size);
    else if (vcpu && vcpu->record)
        vcpu_store(vcpu, handler, block_offset, gpa, data, size, begin);
    else
        device_store(block_offset, gpa, data, size, begin);
    return MEMTX_DONE;
}
