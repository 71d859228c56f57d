/* SPDX-License-Identifier: MIT */
/* Stores that arrive in pieces, and instructions other than a plain mov. */
#include "drive.h"

#include <string.h>

struct pieces {
    unsigned allowed;
    unsigned blocked;
    unsigned alerts;
};

/* Reports one store as several exits, front to back. */
static struct pieces in_pieces(struct guest *guest, const struct store *whole, DWORD piece)
{
    struct pieces result = {0, 0, 0};
    unsigned alerts = guest->alert_count;
    for (DWORD at = 0; at < whole->size; at += piece) {
        struct store part = *whole;
        part.gla += at, part.gpa += at, part.size = piece;
        part.data = (const BYTE *)whole->data + at;
        struct outcome outcome = guest_store(guest, &part);
        result.allowed += outcome.action == introGuestAllowed;
        result.blocked += outcome.action == introGuestNotAllowed;
    }
    result.alerts = guest->alert_count - alerts;
    return result;
}

static void expect(struct pieces pieces, unsigned allowed, unsigned blocked, unsigned alerts, const char *name)
{
    check(pieces.allowed == allowed && pieces.blocked == blocked && pieces.alerts == alerts, name,
          "%u allowed, %u blocked, %u alerts", pieces.allowed, pieces.blocked, pieces.alerts);
}

void drive_pieces(void)
{
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    BYTE bytes[16], before[16];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (BYTE)~guest->ram[GATE_GPA(14) + i]; /* each byte is another */
    memcpy(before, guest->ram + GATE_GPA(14), sizeof before);

    struct store store = {.rip = RIP_KERNEL(CODE_MOVUPS), .gla = GATE_GLA(14), .gpa = GATE_GPA(14), .data = bytes, .size = 16,
                          .pushed = PUSH_ALL, .flags = VCPU_EXIT_DATA};
    guest->cpus[0].regs.Rdi = store.gla;
    expect(in_pieces(guest, &store, 8), 0, 2, 1, "movups in two pieces: both blocked, one alert");
    CHECK_EQ(14, guest->alerts[0].Victim.IdtEntry, "movups: gate");
    CHECK_BYTES(bytes, guest->alerts[0].u.WriteInfo.NewValue, 8, "movups: bytes of the first piece");
    CHECK_EQ(0, guest->alerts[0].Offset - (GATE_GPA(14) & 0xFFF), "movups: the alert is about the first piece");
    expect(in_pieces(guest, &store, 8), 0, 2, 1, "the same instruction again: judged anew");
    expect(in_pieces(guest, &store, 16), 0, 1, 1, "movups in one piece");
    store.flags = VCPU_EXIT_DATA | VCPU_EXIT_RIP_RETIRED | VCPU_EXIT_NO_GLA, store.rip += 3;
    struct pieces pieces = in_pieces(guest, &store, 8);
    /* Which instruction it is, nobody can tell: an alert for each piece is as good as one for both. */
    check(pieces.blocked == 2 && pieces.alerts >= 1 && pieces.alerts <= 2, "movups in two pieces, RIP past it, no linear address",
          "%u allowed, %u blocked, %u alerts", pieces.allowed, pieces.blocked, pieces.alerts);
    CHECK_BYTES(before, guest->ram + GATE_GPA(14), 16, "movups: nothing landed");

    QWORD value;
    memcpy(&value, bytes, 8);
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (BYTE)~guest->ram[GATE_GPA(20) + 3 + i];
    memcpy(&value, bytes, 8);
    store = drive_gate_store(guest, 0, 20, &value);
    store.gla += 3, store.gpa += 3;
    guest->cpus[0].regs.Rdi = store.gla;
    expect(in_pieces(guest, &store, 1), 0, 8, 1, "an unaligned mov in 8 pieces: all blocked, one alert");

    /* The first pieces change nothing; what changes something is blocked, and so is what follows. */
    memcpy(bytes, guest->ram + GATE_GPA(30), 8);
    bytes[3] ^= 0xFF, bytes[4] ^= 0xFF, bytes[7] ^= 0xFF;
    memcpy(&value, bytes, 8);
    store = drive_gate_store(guest, 0, 30, &value);
    memcpy(before, guest->ram + GATE_GPA(30), 8);
    pieces = in_pieces(guest, &store, 1);
    check(pieces.blocked >= 3 && pieces.alerts == 1, "a mov whose first bytes are the same", "%u allowed, %u blocked, %u alerts",
          pieces.allowed, pieces.blocked, pieces.alerts);
    CHECK_BYTES(before, guest->ram + GATE_GPA(30), 8, "and the gate is as it was");

    memcpy(&value, guest->ram + GATE_GPA(31), 8);
    store = drive_gate_store(guest, 0, 31, &value);
    expect(in_pieces(guest, &store, 1), 8, 0, 0, "a mov of the bytes that are there, in 8 pieces");

    /* Two vCPUs in the middle of a store each. */
    unsigned alerts = guest->alert_count;
    QWORD values[2] = {0x5151515151515151ull, 0x6262626262626262ull};
    unsigned blocked = 0;
    for (unsigned at = 0; at < 8; at++) {
        for (unsigned cpu = 0; cpu < 2; cpu++) {
            struct store part = drive_gate_store(guest, cpu, 40 + cpu, &values[cpu]);
            part.gla += at, part.gpa += at, part.size = 1, part.data = (BYTE *)&values[cpu] + at;
            blocked += guest_store(guest, &part).action == introGuestNotAllowed;
        }
    }
    CHECK_EQ(16, blocked, "two vCPUs at once: every piece is blocked");
    CHECK_EQ(2, guest->alert_count - alerts, "two vCPUs at once: one alert each");

    /* Another instruction in the middle of a blocked one: the verdict does not stick to it. */
    store = drive_gate_store(guest, 0, 50, &values[0]);
    struct store part = store;
    part.size = 4;
    drive_blocked(guest, &part, "the first half of a store");
    memcpy(&value, guest->ram + GATE_GPA(60), 8);
    part = drive_gate_store(guest, 0, 60, &value);
    part.rip = RIP_KERNEL(CODE_LOCK_XOR);
    drive_allowed(guest, &part, "another instruction, the same bytes");
    drive_finish(guest);

    /* Log-only: everything lands, one alert. */
    guest = group_start(1, OPTION_LOG_ONLY);
    if (guest == NULL)
        return;
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (BYTE)~guest->ram[GATE_GPA(14) + i];
    memcpy(&value, bytes, 8);
    store = drive_gate_store(guest, 0, 14, &value);
    expect(in_pieces(guest, &store, 1), 8, 0, 1, "log-only: 8 pieces allowed, one alert");
    CHECK_BYTES(bytes, guest->ram + GATE_GPA(14), 8, "log-only: the whole store landed");
    drive_finish(guest);
}

/* One exit a store, for each kind of instruction: size, bytes and gate are right in the alert. */
void drive_instructions(void)
{
    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    struct vcpu *cpu = &guest->cpus[0];
    static const struct {
        QWORD rip;
        DWORD size;
        IG_EPT_ACCESS access;
        const char *name;
    } cases[] = {
        {RIP_KERNEL(CODE_MOV1), 1, IG_EPT_HOOK_WRITE, "mov of one byte"},
        {RIP_KERNEL(CODE_MOV2), 2, IG_EPT_HOOK_WRITE, "mov of two bytes"},
        {RIP_KERNEL(CODE_MOV4), 4, IG_EPT_HOOK_WRITE, "mov of four bytes"},
        {RIP_KERNEL(CODE_MOV8), 8, IG_EPT_HOOK_WRITE, "mov of eight bytes"},
        {RIP_KERNEL(CODE_MOVUPS), 16, IG_EPT_HOOK_WRITE, "movups"},
        {RIP_KERNEL(CODE_REP_STOSB), 1, IG_EPT_HOOK_WRITE, "rep stosb, one iteration"},
        {RIP_KERNEL(CODE_LOCK_XOR), 8, IG_EPT_HOOK_READ | IG_EPT_HOOK_WRITE, "lock xor"},
        {RIP_KERNEL(CODE_PUSH), 8, IG_EPT_HOOK_WRITE, "push"},
        {RIP_KERNEL(CODE_MOVSQ), 8, IG_EPT_HOOK_WRITE, "movsq"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BYTE bytes[16];
        unsigned gate = 3 * (unsigned)i + 1;
        for (unsigned n = 0; n < sizeof bytes; n++)
            bytes[n] = (BYTE)~guest->ram[GATE_GPA(gate) + n];
        struct store store = {.rip = cases[i].rip, .gla = GATE_GLA(gate), .gpa = GATE_GPA(gate), .data = bytes,
                              .size = cases[i].size, .access = cases[i].access, .pushed = PUSH_ALL, .flags = VCPU_EXIT_DATA};
        cpu->regs.Rdi = store.gla, cpu->regs.Rcx = 1, cpu->regs.Rsp = store.gla + 8, cpu->regs.Rax = bytes[0];
        memcpy(&cpu->regs.Rsi, bytes, 8);
        if (cases[i].rip == RIP_KERNEL(CODE_MOVSQ))
            cpu->regs.Rsi = GLA_KERNEL + GPA_DATA;
        const EVENT_EPT_VIOLATION *event = drive_blocked(guest, &store, cases[i].name);
        CHECK_EQ(gate, event->Victim.IdtEntry, cases[i].name);
        CHECK_EQ(cases[i].size, event->u.WriteInfo.Size, cases[i].name);
        CHECK_BYTES(bytes, event->u.WriteInfo.NewValue, cases[i].size, cases[i].name);
        CHECK_BYTES(guest->ram + store.gpa, event->u.WriteInfo.OldValue, cases[i].size, cases[i].name);
        memcpy(bytes, guest->ram + store.gpa, sizeof bytes);
        drive_allowed(guest, &store, cases[i].name);
    }
    drive_finish(guest);
}
