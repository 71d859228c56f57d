/*
 * Executes single instructions on the processor of this machine. Registers are loaded, the instruction is jumped to in a page of
 * its own, and either what follows it or the landing place leads back here. Memory that it may touch is at a fixed address with
 * nothing mapped around it.
 */
#include "oracle-case.h"

#include <setjmp.h>
#include <signal.h>

/* As in OracleLayout.cs. */
#define CODE_BASE 0x10000000ul
#define CODE_SIZE 0x10000ul
#define SLOT_SIZE 64u
#define SLOTS 256u
#define LANDING (CODE_BASE + 0x8000)
#define DATA_BASE 0x20000000ul
#define WINDOW (DATA_BASE + WINDOW_OFFSET)

/* What the routine below works with, at a fixed address so that it needs no register. Two XSAVE areas follow it. */
#define EXCHANGE 0x18000000
#define EXCHANGE_SIZE 0x3000u
#define AREA_IN 0x18001000
#define AREA_OUT 0x18002000
struct exchange {
    uint64_t in[16];      /* 0 */
    uint64_t out[16];     /* 128 */
    uint64_t in_flags;    /* 256 */
    uint64_t out_flags;   /* 264 */
    uint64_t entry;       /* 272 */
    uint64_t host_rsp;    /* 280 */
    uint64_t scratch[30]; /* 288 */
    uint64_t scratch_end; /* 528 */
    uint32_t mask;        /* 536: components of extended state that are exchanged; 0: none */
    uint32_t host_mxcsr;  /* 540 */
    uint16_t host_fcw;    /* 544 */
};

_Static_assert(offsetof(struct exchange, host_fcw) == 544, "as the routine has it");

int run_case(void);
void leave_fell_through(void);
void leave_landed(void);
void reset_state(void);

__asm__(
    ".text\n"
    ".macro save\n"
    "  mov %rax, 0x18000080\n mov %rcx, 0x18000088\n mov %rdx, 0x18000090\n mov %rbx, 0x18000098\n"
    "  mov %rsp, 0x180000a0\n mov %rbp, 0x180000a8\n mov %rsi, 0x180000b0\n mov %rdi, 0x180000b8\n"
    "  mov %r8, 0x180000c0\n mov %r9, 0x180000c8\n mov %r10, 0x180000d0\n mov %r11, 0x180000d8\n"
    "  mov %r12, 0x180000e0\n mov %r13, 0x180000e8\n mov %r14, 0x180000f0\n mov %r15, 0x180000f8\n"
    "  mov $0x18000110, %esp\n pushfq\n cld\n"
    "  mov 0x18000118, %rsp\n"
    "  mov 0x18000218, %eax\n test %eax, %eax\n jz 1f\n xor %edx, %edx\n xsave64 0x18002000\n call reset_state\n1:\n"
    "  pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    ".endm\n"
    ".globl reset_state\nreset_state:\n"
    "  fninit\n fldcw 0x18000220\n ldmxcsr 0x1800021c\n vzeroall\n ret\n"
    ".globl run_case\nrun_case:\n"
    "  push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "  mov %rsp, 0x18000118\n"
    "  mov 0x18000218, %eax\n test %eax, %eax\n jz 1f\n xor %edx, %edx\n xrstor64 0x18001000\n1:\n"
    "  mov $0x18000100, %esp\n popfq\n"
    "  mov 0x18000000, %rax\n mov 0x18000008, %rcx\n mov 0x18000010, %rdx\n mov 0x18000018, %rbx\n"
    "  mov 0x18000028, %rbp\n mov 0x18000030, %rsi\n mov 0x18000038, %rdi\n"
    "  mov 0x18000040, %r8\n mov 0x18000048, %r9\n mov 0x18000050, %r10\n mov 0x18000058, %r11\n"
    "  mov 0x18000060, %r12\n mov 0x18000068, %r13\n mov 0x18000070, %r14\n mov 0x18000078, %r15\n"
    "  mov 0x18000020, %rsp\n"
    "  jmp *0x18000110\n"
    ".globl leave_fell_through\nleave_fell_through:\n save\n xor %eax, %eax\n ret\n"
    ".globl leave_landed\nleave_landed:\n save\n mov $1, %eax\n ret\n");

/* x87, SSE, AVX, AVX-512: what fits into AREA_SIZE. */
#define COMPONENTS 0xE7u
static uint32_t components;
static sigjmp_buf escape;

static void on_signal(int number)
{
    siglongjmp(escape, number);
}

static int map_fixed(unsigned long address, unsigned long size, int protection)
{
    void *place = mmap((void *)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return place == (void *)address;
}

/* A jump to an address, 14 bytes. */
static void put_jump(uint8_t *at, void (*target)(void))
{
    static const uint8_t opcode[6] = {0xFF, 0x25};
    memcpy(at, opcode, sizeof opcode);
    memcpy(at + sizeof opcode, &target, sizeof target);
}

static void execute(struct oracle_case *test, unsigned index)
{
    struct exchange *exchange = (struct exchange *)EXCHANGE;
    uint8_t *slot = (uint8_t *)CODE_BASE + (index % SLOTS) * SLOT_SIZE;
    volatile uint32_t status = STATUS_FAULT;
    volatile unsigned attempt;
    int number;

    memcpy(slot, test->code, test->length);
    put_jump(slot + test->length, leave_fell_through);
    exchange->mask = test->uses_state ? components : 0;
    if (test->uses_state)
        memcpy((void *)AREA_IN, test->area, AREA_SIZE);

    /* Once in some ten million times, bytes that were just written are not yet those that are executed. */
    for (attempt = 0; attempt < 2; attempt++) {
        oracle_put_window(test, (uint8_t *)WINDOW);
        memcpy(exchange->in, test->gprs, sizeof exchange->in);
        exchange->in_flags = test->flags;
        exchange->entry = (uint64_t)slot;

        number = sigsetjmp(escape, 0);
        if (number == 0)
            status = run_case() ? STATUS_LANDED : STATUS_FELL_THROUGH;
        else
            status = STATUS_FAULT + (uint32_t)number;
        if (status != STATUS_FAULT + SIGILL)
            break;
    }

    if (test->uses_state && status >= STATUS_FAULT)
        reset_state();
    else if (test->uses_state)
        memcpy(test->area, (void *)AREA_OUT, AREA_SIZE);
    if (oracle_take_window(test, (uint8_t *)DATA_BASE))
        status |= STATUS_OUTSIDE;
    memcpy(test->gprs, exchange->out, sizeof exchange->out);
    test->flags = exchange->out_flags;
    test->status = status;
}

static int install(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    static uint8_t stack[65536];
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action;
    size_t i;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    if (sigaltstack(&alternate, NULL) != 0)
        return 0;
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], &action, NULL) != 0)
            return 0;
    return 1;
}

static uint64_t read_xcr0(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low | (uint64_t)high << 32;
}

static uint32_t read_mxcsr_mask(void)
{
    static uint8_t area[512] __attribute__((aligned(16)));
    uint32_t mask;

    __asm__ volatile("fxsave %0" : "=m"(area));
    memcpy(&mask, area + AREA_MXCSR + 4, sizeof mask);
    return mask;
}

/* The low half of CR0; 0 where it may not be asked for. */
static uint64_t read_cr0(void)
{
    uint64_t cr0 = 0;

    if (sigsetjmp(escape, 0) == 0)
        __asm__ volatile("smsw %0" : "=r"(cr0));
    return cr0 & 0xFFFF;
}

int main(int argc, char **argv)
{
    struct exchange *exchange = (struct exchange *)EXCHANGE;
    struct oracle_facts facts = {.xcr0 = read_xcr0(), .mxcsr_mask = read_mxcsr_mask()};

    if (argc != 2 || !map_fixed(CODE_BASE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) ||
        !map_fixed(DATA_BASE, DATA_SIZE, PROT_READ | PROT_WRITE) ||
        !map_fixed(EXCHANGE, EXCHANGE_SIZE, PROT_READ | PROT_WRITE) || !install())
        return 1;
    facts.cr0 = read_cr0();
    __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(exchange->host_mxcsr), "=m"(exchange->host_fcw));
    components = (uint32_t)facts.xcr0 & COMPONENTS;
    put_jump((uint8_t *)LANDING, leave_landed);
    return oracle_serve(argv[1], &facts, execute);
}
