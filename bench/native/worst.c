/* SPDX-License-Identifier: MIT */
/* What 64 bytes mean as an exit. */
#include "worst.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "host.h"

#define GUESTS 3
#define USED_RAM 0x40000ull /* nothing behind it is written by this file, or restored */
#define EFER_LONG_MODE 0xD01u
#define EFER_LEGACY 0x800u
#define CODE_LENGTH 15
#define ALERT_INTERVAL 16000000ull /* ns: one alert more is allowed in that time */

/* Where an input's choices lie in it. */
enum {
    AT_GLUE = 0, AT_ACCESS = 1, AT_MODE = 2, AT_SIZE = 3, AT_PAGE = 4, AT_OFFSET = 5, AT_GLA = 7, AT_RIP = 8, AT_FLAGS = 9,
    AT_FORM = 10, AT_CODE = 11, AT_REGISTERS = 26, AT_DELTAS = 42, AT_RING = 58
};

/* Instructions that make the engine work; the bytes behind them are the input's. */
static const struct {
    uint8_t length, byte[10];
} forms[] = {
    {3, {0x48, 0x89, 0x37}},                                    /* mov [rdi],rsi */
    {3, {0xF3, 0x48, 0xAB}},                                    /* rep stosq */
    {2, {0xF3, 0xAA}},                                          /* rep stosb */
    {3, {0xF3, 0x48, 0xA5}},                                    /* rep movsq */
    {2, {0xF3, 0x6C}},                                          /* rep insb */
    {2, {0xFF, 0x37}},                                          /* push [rdi] */
    {2, {0xFF, 0x17}},                                          /* call [rdi] */
    {2, {0xFF, 0x1F}},                                          /* call far [rdi] */
    {1, {0x60}},                                                /* pusha, in 32- and 16-bit code */
    {4, {0xC8, 0x00, 0x10, 0x1F}},                              /* enter 4096,31 */
    {3, {0x0F, 0xAE, 0x07}},                                    /* fxsave [rdi] */
    {3, {0x0F, 0xAE, 0x27}},                                    /* xsave [rdi] */
    {4, {0x48, 0x0F, 0xC7, 0x27}},                              /* xsavec64 [rdi] */
    {2, {0xDD, 0x37}},                                          /* fnsave [rdi] */
    {5, {0xF0, 0x48, 0x0F, 0xC7, 0x0F}},                        /* lock cmpxchg16b [rdi] */
    {5, {0xF0, 0x48, 0x0F, 0xAB, 0x07}},                        /* lock bts [rdi],rax */
    {4, {0xC5, 0xFE, 0x7F, 0x07}},                              /* vmovdqu [rdi],ymm0 */
    {6, {0x62, 0xF1, 0xFE, 0x48, 0x7F, 0x07}},                  /* vmovdqu64 [rdi],zmm0 */
    {7, {0x62, 0xF2, 0x7D, 0x49, 0xA0, 0x04, 0x07}},            /* vpscatterdd [rdi+zmm0]{k1},zmm0 */
    {7, {0x62, 0xF2, 0x7D, 0x49, 0x90, 0x04, 0x07}},            /* vpgatherdd zmm0{k1},[rdi+zmm0] */
    {4, {0x66, 0x0F, 0xF7, 0xC1}},                              /* maskmovdqu xmm0,xmm1 */
    {5, {0x66, 0x0F, 0x38, 0xF8, 0x3E}},                        /* movdir64b rdi,[rsi] */
    {3, {0x0F, 0x01, 0x1F}},                                    /* lidt [rdi] */
    {3, {0x0F, 0x01, 0x0F}},                                    /* sidt [rdi] */
    {2, {0x48, 0xCF}},                                          /* iretq */
    {0, {0}},                                                   /* whatever follows */
};

static const QWORD pages[] = {GPA_IDT, GPA_IDT, GPA_IDT, GPA_IDT + 0x1000, GPA_DATA, GPA_TABLES + 0x3000, GPA_CODE, RAM_SIZE};
static const IG_EPT_ACCESS accesses[] = {IG_EPT_HOOK_WRITE, IG_EPT_HOOK_WRITE, IG_EPT_HOOK_READ | IG_EPT_HOOK_WRITE, IG_EPT_HOOK_READ,
                                 IG_EPT_HOOK_EXECUTE};

static struct guest *guests[GUESTS];
static BYTE *pristine; /* RAM as it was before the first exit */

static struct {
    struct guest *guest;
    QWORD gpa, gla;
    IG_EPT_ACCESS access;
    DWORD cs_type, cpl, flags, size;
    QWORD efer;
} now;

void worst_prepare(void)
{
    for (int i = 0; i < GUESTS; i++) {
        guests[i] = guest_create((enum glue_kind)i, 1, i == GLUE_NO_DATA ? IDT_HALF : 0);
        guest_start(guests[i]);
    }
    pristine = malloc(USED_RAM);
    if (pristine == NULL)
        host_fail("out of memory");
    memcpy(pristine, guests[0]->ram, USED_RAM);
    clock_hold();
}

bool worst_parse(const char *digits, struct worst_input *input)
{
    if (strlen(digits) != 2 * WORST_BYTES || strspn(digits, "0123456789abcdef") != 2 * WORST_BYTES)
        return false;
    for (int i = 0; i < WORST_BYTES; i++) {
        char pair[3] = {digits[2 * i], digits[2 * i + 1], 0};
        input->byte[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

/** What a register holds: an address of each kind, or a count of each kind, and a little besides. */
static QWORD register_value(uint8_t choice, uint8_t delta)
{
    static const QWORD bases[] = {
        GLA_KERNEL + GPA_IDT, GLA_KERNEL + GPA_IDT + IDT_HALF, GLA_KERNEL + GPA_IDT + 0x1000, GLA_KERNEL + GPA_DATA,
        GLA_KERNEL + GPA_DATA + 0x1000, GLA_KERNEL + GPA_TABLES, GLA_KERNEL + GPA_CODE, 0, 0x40, 0x1000, 0x7FFFFFFFFFFFF000ull,
        0xFFFFFFFFFFFFFFF0ull, 0x8000000000000000ull,
    };
    return bases[choice % (sizeof bases / sizeof *bases)] + (QWORD)(int64_t)(int8_t)delta;
}

static void write_code(const struct worst_input *input, QWORD rip)
{
    uint8_t form = input->byte[AT_FORM] % (sizeof forms / sizeof *forms);
    BYTE *code = now.guest->ram + GPA_CODE + rip;
    memcpy(code, input->byte + AT_CODE, CODE_LENGTH);
    memcpy(code, forms[form].byte, forms[form].length);
}

void worst_arrange(const struct worst_input *input)
{
    const uint8_t *byte = input->byte;
    now.guest = guests[byte[AT_GLUE] % GUESTS];
    memcpy(now.guest->ram, pristine, USED_RAM);

    QWORD offset = (byte[AT_OFFSET] | (QWORD)byte[AT_OFFSET + 1] << 8) & 0xFFF;
    now.gpa = pages[byte[AT_PAGE] % (sizeof pages / sizeof *pages)] + offset;
    now.gla = byte[AT_GLA] < 0xC0 ? GLA_KERNEL + now.gpa : byte[AT_GLA] < 0xE0 ? 0 : register_value(byte[AT_GLA], byte[AT_RIP]);
    now.access = accesses[byte[AT_ACCESS] % (sizeof accesses / sizeof *accesses)];
    now.cs_type = byte[AT_MODE] < 0xC0 ? IG_CS_TYPE_64B : byte[AT_MODE] < 0xE0 ? IG_CS_TYPE_32B : IG_CS_TYPE_16B;
    now.efer = now.cs_type == IG_CS_TYPE_64B ? EFER_LONG_MODE : EFER_LEGACY;
    now.cpl = byte[AT_RING] < 0xC0 ? 0 : 3;
    now.size = 1 + byte[AT_SIZE] % 64;
    now.flags = (now.guest->kind == GLUE_PUSHES ? VCPU_EXIT_DATA : 0) | ((byte[AT_FLAGS] & 2) != 0 ? VCPU_EXIT_NO_GLA : 0);

    IG_ARCH_REGS *regs = &now.guest->regs[0];
    QWORD *general = (QWORD *)(void *)regs;
    for (int i = 0; i < 16; i++)
        general[i] = register_value(byte[AT_REGISTERS + i], byte[AT_DELTAS + i]);
    QWORD rip = ((QWORD)byte[AT_RIP] << 4) + 15; /* the last ones reach into the next page */
    regs->Rip = GLA_KERNEL + GPA_CODE + rip;
    regs->Flags = 0x202 | ((byte[AT_FLAGS] & 1) != 0 ? 0x400 : 0);
    write_code(input, rip);
}

void worst_exit(void)
{
    struct guest *guest = now.guest;
    if (guest->kind != GLUE_ASKED) {
        VCPU_STATE *record = (VCPU_STATE *)(void *)guest->records;
        record->Regs = guest->regs[0];
        record->Ia32Efer = now.efer;
        record->CsType = now.cs_type;
        record->Cpl = now.cpl;
        record->PushedMask = VCPU_REG_SUFFICIENT | VCPU_REG_FLAGS;
        memset(record->ExitData, 0x5A, sizeof record->ExitData);
        record->ExitDataSize = now.size;
        record->ExitFlags = now.flags;
    }
    /* Each alert is within the allowance: what it costs counts. */
    clock_advance(ALERT_INTERVAL);
    INTRO_ACTION action;
    lib.IntHandleEptViolation(guest, now.gpa, now.size, now.gla, 0, &action, now.access);
}
