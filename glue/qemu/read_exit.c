// SPDX-License-Identifier: GPL-2.0-or-later
// A read of a guarded page: it is told to the engine before the data is given, and the engine's answer is carried out.
//
// What a device reads, and what QEMU reads to execute or on its way through page tables, is given without asking.

#include <string.h>

#include "event_log.h"
#include "guest_memory.h"
#include "host_services.h"
#include "page_guard.h"
#include "session.h"
#include "statistics.h"
#include "vcpu_exit.h"

#define MAX_READ 8u

/** Lays the bytes that the engine has given for this exit over those from memory. Their linear address is known, that of the
 *  access is not; offsets in the page tell them apart, since there are fewer than a page. */
static void patch(const Vcpu *vcpu, QWORD gpa, BYTE *bytes, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        QWORD offset = (gpa + i - vcpu->patch_address) % PAGE_SIZE;

        if (offset < vcpu->patch_size)
            bytes[i] = vcpu->patch[offset];
    }
}

/** The instruction is not to have the data: it is left, or gets zeros where it cannot be left. Returns whether it is left. */
static bool refuse(Vcpu *vcpu, BYTE *bytes, unsigned size)
{
    memset(bytes, 0, size);
    if (!vcpu->record->Instruction.Length)
        return false;
    vcpu_skip(vcpu, vcpu->record->Instruction.Length);
    return true;
}

/** Returns whether the instruction is left. */
static bool carry_out(Vcpu *vcpu, INTRO_ACTION action, QWORD gpa, BYTE *bytes, unsigned size)
{
    if (vcpu_exit_is_retried(vcpu, action) || vcpu_exit_apply(vcpu, STORE_BY_INSTRUCTION))
        return true;
    if (action == introGuestNotAllowed || action == introGuestAllowedVirtual || action == introGuestRetry)
        return refuse(vcpu, bytes, size);
    if (action == introGuestAllowedPatched)
        patch(vcpu, gpa, bytes, size);
    return false;
}

/** A read by an instruction. Does not return where the instruction is left. */
static void vcpu_read(Vcpu *vcpu, PFUNC_IntEPTViolationCallback handler, const RestoredState *before, QWORD gpa, BYTE *bytes,
                      unsigned size)
{
    INTRO_ACTION action = introGuestNotAllowed; // until the engine has answered
    uint64_t begin = clock_nanoseconds(), returned;
    INTSTATUS status;
    bool leaves;

    vcpu_exit_begin(vcpu);
    vcpu->record->ExitFlags = VCPU_EXIT_NO_GLA;
    status = handler(session_guest(), gpa, size, 0, vcpu->index, &action, IG_EPT_HOOK_READ);
    returned = clock_nanoseconds();
    vcpu_exit_end(vcpu, "a read", status, action);
    leaves = carry_out(vcpu, action, gpa, bytes, size);
    if (!leaves)
        vcpu_put_back(vcpu, before);
    statistics_exit(STATISTICS_READ, action == introGuestNotAllowed, returned - begin, clock_nanoseconds() - begin);
    if (leaves)
        qemu.cpu_loop_exit(vcpu->cpu); // back to QEMU's main loop, which takes care of the lock; nothing below us is managed
}

MemTxResult read_exit(QWORD block_offset, uint64_t *data, unsigned size, MemTxAttrs attrs)
{
    PFUNC_IntEPTViolationCallback handler = host_services_handler();
    bool is_of_vcpu = !(attrs.bits & (qemu.attrs_unspecified | qemu.attrs_requester));
    Vcpu *vcpu = is_of_vcpu ? vcpu_current() : NULL;
    BYTE bytes[MAX_READ] = {0};
    RestoredState before;
    QWORD gpa;

    if (size > MAX_READ || !guest_memory_gpa(block_offset, &gpa)) {
        *data = 0;
        return MEMTX_DONE;
    }
    memcpy(bytes, guest_memory.host + block_offset, size);
    if (handler && vcpu && vcpu->record && (page_guard_of(block_offset) & PAGE_GUARD_READ) &&
        vcpu_restore_read(vcpu, &before))
        vcpu_read(vcpu, handler, &before, gpa, bytes, size);
    memcpy(data, bytes, sizeof bytes);
    return MEMTX_DONE;
}
