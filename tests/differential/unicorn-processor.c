/* Executes single instructions of 16- and 32-bit code in Unicorn, without paging. In 16-bit code segments begin at 16 times their
 * selector. */
#include "oracle-case.h"

#include <unicorn/unicorn.h>

/* As in OracleLayout.cs. */
#define CODE_BASE 0x1000u
#define CODE_SIZE 0x4000u
#define SLOT_SIZE 32u
#define SLOTS 256u
#define LANDING 0x4000u
#define DATA_BASE 0x8000u
/* More than the largest count that cases have. */
#define MAX_STEPS 8u
#define WINDOW (DATA_BASE + WINDOW_OFFSET)

static uc_engine *engine16;
static uc_engine *engine32;
static uint8_t data16[DATA_SIZE] __attribute__((aligned(4096)));
static uint8_t data32[DATA_SIZE] __attribute__((aligned(4096)));

static const int gprs[8] = {UC_X86_REG_EAX, UC_X86_REG_ECX, UC_X86_REG_EDX, UC_X86_REG_EBX,
                            UC_X86_REG_ESP, UC_X86_REG_EBP, UC_X86_REG_ESI, UC_X86_REG_EDI};
static const int segments[6] = {UC_X86_REG_ES, UC_X86_REG_CS, UC_X86_REG_SS, UC_X86_REG_DS, UC_X86_REG_FS, UC_X86_REG_GS};
static const int xmms[8] = {UC_X86_REG_XMM0, UC_X86_REG_XMM1, UC_X86_REG_XMM2, UC_X86_REG_XMM3,
                            UC_X86_REG_XMM4, UC_X86_REG_XMM5, UC_X86_REG_XMM6, UC_X86_REG_XMM7};

static uc_engine *open_engine(uc_mode mode, uint8_t *data)
{
    uc_engine *engine;

    if (uc_open(UC_ARCH_X86, mode, &engine) != UC_ERR_OK ||
        uc_mem_map(engine, CODE_BASE, CODE_SIZE, UC_PROT_ALL) != UC_ERR_OK ||
        uc_mem_map_ptr(engine, DATA_BASE, DATA_SIZE, UC_PROT_READ | UC_PROT_WRITE, data) != UC_ERR_OK)
        return NULL;
    return engine;
}

static void execute(struct oracle_case *test, unsigned index)
{
    uc_engine *engine = test->bits == 16 ? engine16 : engine32;
    uint8_t *data = test->bits == 16 ? data16 : data32;
    uint64_t slot = CODE_BASE + (index % SLOTS) * SLOT_SIZE;
    uint64_t value;
    uc_err error;
    size_t i;

    /* What was translated from a slot is forgotten with its memory. */
    if (index % SLOTS == 0) {
        uc_mem_unmap(engine16, CODE_BASE, CODE_SIZE);
        uc_mem_map(engine16, CODE_BASE, CODE_SIZE, UC_PROT_ALL);
        uc_mem_unmap(engine32, CODE_BASE, CODE_SIZE);
        uc_mem_map(engine32, CODE_BASE, CODE_SIZE, UC_PROT_ALL);
    }

    uc_mem_write(engine, slot, test->code, test->length);
    oracle_put_window(test, data + WINDOW_OFFSET);
    for (i = 0; i < 8; i++) {
        value = test->gprs[i];
        uc_reg_write(engine, gprs[i], &value);
        if (test->uses_state)
            uc_reg_write(engine, xmms[i], test->area + AREA_XMM + 16 * i);
    }

    if (test->bits == 16) {
        for (i = 0; i < 6; i++) {
            value = test->selectors[i];
            if (segments[i] != UC_X86_REG_CS)
                uc_reg_write(engine, segments[i], &value);
        }
    }

    value = test->flags;
    uc_reg_write(engine, UC_X86_REG_EFLAGS, &value);
    if (test->uses_state) {
        value = 0;
        memcpy(&value, test->area + AREA_MXCSR, sizeof(uint32_t));
        uc_reg_write(engine, UC_X86_REG_MXCSR, &value);
    }

    /* One step is one iteration of an instruction that repeats. */
    for (i = 0, value = slot, error = UC_ERR_OK; i <= MAX_STEPS && value == slot && error == UC_ERR_OK; i++) {
        error = uc_emu_start(engine, slot, slot + test->length, 0, 1);
        value = 0;
        uc_reg_read(engine, UC_X86_REG_EIP, &value);
    }

    test->status = error != UC_ERR_OK              ? STATUS_FAULT + (uint32_t)error
                   : value == LANDING              ? STATUS_LANDED
                   : value == slot + test->length  ? STATUS_FELL_THROUGH
                                                   : STATUS_FAULT + 99;
    for (i = 0; i < 8; i++) {
        value = 0;
        uc_reg_read(engine, gprs[i], &value);
        test->gprs[i] = value;
        if (test->uses_state)
            uc_reg_read(engine, xmms[i], test->area + AREA_XMM + 16 * i);
    }

    value = 0;
    uc_reg_read(engine, UC_X86_REG_EFLAGS, &value);
    test->flags = value;
    if (oracle_take_window(test, data))
        test->status |= STATUS_OUTSIDE;
}

int main(int argc, char **argv)
{
    static const uc_x86_mmr gdt = {.base = 0x12345678, .limit = 0x9ABC};
    static const uc_x86_mmr idt = {.base = 0xFEDCBA98, .limit = 0x7654};
    struct oracle_facts facts = {.xcr0 = 0};

    engine16 = open_engine(UC_MODE_16, data16);
    engine32 = open_engine(UC_MODE_32, data32);
    if (argc != 2 || !engine16 || !engine32)
        return 1;
    uc_reg_write(engine16, UC_X86_REG_GDTR, &gdt);
    uc_reg_write(engine16, UC_X86_REG_IDTR, &idt);
    uc_reg_write(engine32, UC_X86_REG_GDTR, &gdt);
    uc_reg_write(engine32, UC_X86_REG_IDTR, &idt);
    uc_reg_read(engine32, UC_X86_REG_CR0, &facts.cr0);
    return oracle_serve(argv[1], &facts, execute);
}
