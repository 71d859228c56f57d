// SPDX-License-Identifier: GPL-2.0-or-later
// The sign of a kexec: a MOV to CR0 in an identity mapping, with no interrupt descriptor table.
//
// The last that the old kernel does is to load null tables, to jump to a page that is mapped where it lies in physical memory, and
// to set CR0 there to what a kernel expects at its entry. At no other time does 64-bit code of a kernel run in the lower half of
// the addresses: CPUs that come up, and firmware that is called, do so in other modes, elsewhere, or with a table.

#include "kexec.h"

#define UPPER_HALF (1ull << 47)

bool kexec_is_watched(WatchedInstruction instruction)
{
    return instruction.kind == WATCHED_CR && instruction.control == 0;
}

bool kexec_begins(const Vcpu *vcpu, WatchedInstruction instruction)
{
    return kexec_is_watched(instruction) && vcpu_cs_type(vcpu) == IG_CS_TYPE_64B && vcpu->state->rip < UPPER_HALF &&
           vcpu->state->idt.limit == 0;
}
