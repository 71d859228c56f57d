// SPDX-License-Identifier: GPL-2.0-or-later
// The exact registers at a store, and before an instruction. Translated code keeps RIP and the kind of the arithmetic flags to
// itself; QEMU restores both from the place in that code. A return address on the stack of our callback lies in that code: the first
// one that QEMU accepts. QEMU notes the place in the CPU object, at an offset that is learned from the first stores: looking there
// is cheaper than walking the stack, and tells a store of the instruction from one that QEMU does on the side.
// A callback before an instruction has its place in its own return address.

#include <execinfo.h>
#include <stdatomic.h>

#include "event_log.h"
#include "vcpu.h"

#define MAX_FRAMES 48
#define OWN_FRAMES 1           /* of this file, never in translated code */
#define BLOCK_CODE_MAX 0x10000u /* bytes that QEMU translates a block into, at most */
#define MATCHES_TO_BELIEVE 2u  /* stores that must point to one and the same offset */

static atomic_size_t known_offset; /* of the noted return address in the CPU object; 0: not known yet */

void vcpu_restore_warm_up(void)
{
    void *frames[4];

    // The first call loads the unwinder.
    (void)backtrace(frames, 4);
}

/** The return address on the stack that lies in translated code, with the registers restored to it; 0 if there is none. */
static uintptr_t walk(Vcpu *vcpu)
{
    void *frames[MAX_FRAMES];
    int count = backtrace(frames, MAX_FRAMES);

    for (int i = OWN_FRAMES; i < count; i++)
        if (qemu.cpu_restore_state(vcpu->cpu, (uintptr_t)frames[i]))
            return (uintptr_t)frames[i];
    return 0;
}

/** Counts an offset at which alone the return address was found. Callbacks come one at a time, under the big lock. */
static void believe(size_t offset)
{
    static size_t candidate;
    static unsigned matches;

    matches = offset == candidate ? matches + 1 : 1;
    candidate = offset;
    if (matches >= MATCHES_TO_BELIEVE)
        atomic_store(&known_offset, offset);
}

/** Whether a word of the CPU object may be the noted one of the access whose helper returns there: the same, or, as QEMU 10 notes
 *  it, where the code goes on after that, which is further up in the same block. The registers are then restored to it. */
static bool may_be_noted(Vcpu *vcpu, uintptr_t word, uintptr_t return_address)
{
    return word && word <= return_address && return_address - word < BLOCK_CODE_MAX && qemu.cpu_restore_state(vcpu->cpu, word);
}

/** Learns where QEMU notes the place of an access. Returns whether it is noted anywhere. */
static bool learn(Vcpu *vcpu, uintptr_t return_address)
{
    const char *object = (const char *)vcpu->cpu;
    size_t size = (size_t)((const char *)vcpu->state - object), where = 0;
    unsigned found = 0;

    for (size_t offset = sizeof(uintptr_t); offset + sizeof(uintptr_t) <= size; offset += sizeof(uintptr_t)) {
        if (may_be_noted(vcpu, *(const uintptr_t *)(object + offset), return_address)) {
            where = offset;
            found++;
        }
    }
    if (found == 1)
        believe(where);
    return found == 1;
}

/** The same where the stack does not show it: the one word of the CPU object that QEMU accepts. Returns whether there is one; the
 *  registers are then restored to it. */
static bool learn_without_stack(Vcpu *vcpu, const RestoredState *before)
{
    const char *object = (const char *)vcpu->cpu;
    size_t size = (size_t)((const char *)vcpu->state - object), where = 0;
    unsigned found = 0;

    for (size_t offset = sizeof(uintptr_t); offset + sizeof(uintptr_t) <= size; offset += sizeof(uintptr_t)) {
        uintptr_t word = *(const uintptr_t *)(object + offset);

        if (word && qemu.cpu_restore_state(vcpu->cpu, word)) {
            vcpu_put_back(vcpu, before);
            where = offset;
            found++;
        }
    }
    if (found != 1)
        return false;
    believe(where);
    return qemu.cpu_restore_state(vcpu->cpu, *(const uintptr_t *)(object + where));
}

StoreOrigin vcpu_restore(Vcpu *vcpu, RestoredState *before)
{
    size_t offset = atomic_load(&known_offset);
    uintptr_t noted = 0, found;

    *before = (RestoredState){.rip = vcpu->state->rip, .cc_op = vcpu->state->cc_op};
    if (offset) {
        noted = *(const uintptr_t *)((const char *)vcpu->cpu + offset);
        if (noted && qemu.cpu_restore_state(vcpu->cpu, noted))
            return STORE_BY_INSTRUCTION;
    }
    found = walk(vcpu);
    if (!found)
        return STORE_OUTSIDE;
    if (offset)
        return STORE_INSIDE; // QEMU has noted something else: a page walk on behalf of the instruction
    return learn(vcpu, found) ? STORE_BY_INSTRUCTION : STORE_INSIDE;
}

bool vcpu_restore_read(Vcpu *vcpu, RestoredState *before)
{
    size_t offset = atomic_load(&known_offset);
    uintptr_t noted;

    *before = (RestoredState){.rip = vcpu->state->rip, .cc_op = vcpu->state->cc_op};
    if (!offset)
        return learn_without_stack(vcpu, before);
    noted = *(const uintptr_t *)((const char *)vcpu->cpu + offset);
    return noted && qemu.cpu_restore_state(vcpu->cpu, noted);
}

bool vcpu_restore_at(Vcpu *vcpu, uintptr_t return_address, RestoredState *before)
{
    *before = (RestoredState){.rip = vcpu->state->rip, .cc_op = vcpu->state->cc_op};
    return qemu.cpu_restore_state(vcpu->cpu, return_address);
}

void vcpu_put_back(Vcpu *vcpu, const RestoredState *before)
{
    vcpu->state->rip = before->rip;
    vcpu->state->cc_op = before->cc_op;
}
