// SPDX-License-Identifier: GPL-2.0-or-later
// Recognising the instructions that load control, model-specific and descriptor-table registers.
//
// Left out on purpose: LMSW can set CR0.PE but not clear it, and neither LMSW nor CLTS reaches WP, PG or a bit of CR4; LLDT
// and LTR load selectors of tables that are watched themselves; RDMSR, SGDT, SIDT and the like change nothing.

#include "instruction_match.h"

#include <stdbool.h>

#define REX_R 0x4u
#define REX_B 0x1u

static bool is_legacy_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26: case 0x2E: case 0x36: case 0x3E: case 0x64: case 0x65: // segments
    case 0x66: case 0x67:                                             // sizes
    case 0xF0: case 0xF2: case 0xF3:                                  // lock, repeat
        return true;
    default:
        return false;
    }
}

/** MOV CR, r. A locked one of CR0 is AMD's other way to write CR8. */
static void match_control(WatchedInstruction *result, uint8_t modrm, uint8_t rex, bool is_locked)
{
    result->kind = WATCHED_CR;
    result->control = (modrm >> 3 & 7) | (rex & REX_R ? 8 : 0);
    result->source = (modrm & 7) | (rex & REX_B ? 8 : 0);
    if (is_locked && result->control == 0)
        result->control = 8;
}

/** The group 0F 01. */
static void match_group(WatchedInstruction *result, uint8_t modrm)
{
    unsigned number = modrm >> 3 & 7;

    if (modrm == 0xD1)
        result->kind = WATCHED_XCR;
    else if (modrm < 0xC0 && number == 2)
        result->kind = WATCHED_GDTR;
    else if (modrm < 0xC0 && number == 3)
        result->kind = WATCHED_IDTR;
}

WatchedInstruction instruction_match(const uint8_t *bytes, size_t length)
{
    WatchedInstruction result = {.kind = WATCHED_NOT, .length = length & 0xF};
    bool is_locked = false;
    uint8_t rex = 0;
    size_t at = 0;

    while (at < length && is_legacy_prefix(bytes[at]))
        is_locked |= bytes[at++] == 0xF0;
    // Outside of 64-bit code these are instructions of one byte, which nothing follows.
    if (at < length && (bytes[at] & 0xF0) == 0x40)
        rex = bytes[at++];
    if (at + 2 > length || bytes[at] != 0x0F)
        return result;
    if (bytes[at + 1] == 0x30)
        result.kind = WATCHED_MSR;
    else if (at + 3 <= length && bytes[at + 1] == 0x22)
        match_control(&result, bytes[at + 2], rex, is_locked);
    else if (at + 3 <= length && bytes[at + 1] == 0x01)
        match_group(&result, bytes[at + 2]);
    return result;
}

_Static_assert(sizeof(WatchedInstruction) == sizeof(void *), "a watched instruction goes with a callback");
