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

/* What the routine below works with, at a fixed address so that it needs no register. */
#define EXCHANGE 0x18000000
struct exchange {
    uint64_t in[16];      /* 0 */
    uint64_t out[16];     /* 128 */
    uint64_t in_flags;    /* 256 */
    uint64_t out_flags;   /* 264 */
    uint64_t entry;       /* 272 */
    uint64_t host_rsp;    /* 280 */
    uint64_t scratch[30]; /* 288 */
    uint64_t scratch_end; /* 528 */
    uint64_t mxcsr;       /* 536 */
    uint64_t host_mxcsr;  /* 544 */
    uint8_t pad[64 - 40]; /* to a multiple of 64 */
    uint8_t ymm[16 * 32]; /* 576 */
};

_Static_assert(offsetof(struct exchange, ymm) == 576, "as the routine has it");

int run_case(void);
void leave_fell_through(void);
void leave_landed(void);

__asm__(
    ".text\n"
    ".macro save\n"
    "  mov %rax, 0x18000080\n mov %rcx, 0x18000088\n mov %rdx, 0x18000090\n mov %rbx, 0x18000098\n"
    "  mov %rsp, 0x180000a0\n mov %rbp, 0x180000a8\n mov %rsi, 0x180000b0\n mov %rdi, 0x180000b8\n"
    "  mov %r8, 0x180000c0\n mov %r9, 0x180000c8\n mov %r10, 0x180000d0\n mov %r11, 0x180000d8\n"
    "  mov %r12, 0x180000e0\n mov %r13, 0x180000e8\n mov %r14, 0x180000f0\n mov %r15, 0x180000f8\n"
    "  mov $0x18000110, %esp\n pushfq\n cld\n"
    "  mov 0x18000118, %rsp\n ldmxcsr 0x18000220\n vzeroupper\n"
    "  pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    ".endm\n"
    ".globl run_case\nrun_case:\n"
    "  push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "  mov %rsp, 0x18000118\n stmxcsr 0x18000220\n ldmxcsr 0x18000218\n"
    "  mov $0x18000240, %eax\n"
    "  vmovdqu (%rax), %ymm0\n vmovdqu 32(%rax), %ymm1\n vmovdqu 64(%rax), %ymm2\n vmovdqu 96(%rax), %ymm3\n"
    "  vmovdqu 128(%rax), %ymm4\n vmovdqu 160(%rax), %ymm5\n vmovdqu 192(%rax), %ymm6\n vmovdqu 224(%rax), %ymm7\n"
    "  vmovdqu 256(%rax), %ymm8\n vmovdqu 288(%rax), %ymm9\n vmovdqu 320(%rax), %ymm10\n vmovdqu 352(%rax), %ymm11\n"
    "  vmovdqu 384(%rax), %ymm12\n vmovdqu 416(%rax), %ymm13\n vmovdqu 448(%rax), %ymm14\n vmovdqu 480(%rax), %ymm15\n"
    "  mov $0x18000100, %esp\n popfq\n"
    "  mov 0x18000000, %rax\n mov 0x18000008, %rcx\n mov 0x18000010, %rdx\n mov 0x18000018, %rbx\n"
    "  mov 0x18000028, %rbp\n mov 0x18000030, %rsi\n mov 0x18000038, %rdi\n"
    "  mov 0x18000040, %r8\n mov 0x18000048, %r9\n mov 0x18000050, %r10\n mov 0x18000058, %r11\n"
    "  mov 0x18000060, %r12\n mov 0x18000068, %r13\n mov 0x18000070, %r14\n mov 0x18000078, %r15\n"
    "  mov 0x18000020, %rsp\n"
    "  jmp *0x18000110\n"
    ".globl leave_fell_through\nleave_fell_through:\n save\n xor %eax, %eax\n ret\n"
    ".globl leave_landed\nleave_landed:\n save\n mov $1, %eax\n ret\n");

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
    static const uint8_t zeros[DATA_SIZE];
    struct exchange *exchange = (struct exchange *)EXCHANGE;
    uint8_t *slot = (uint8_t *)CODE_BASE + (index % SLOTS) * SLOT_SIZE;
    uint8_t *window = (uint8_t *)WINDOW;
    volatile uint32_t status = STATUS_FAULT;
    volatile unsigned attempt;
    int number;

    memcpy(slot, test->code, test->length);
    put_jump(slot + test->length, leave_fell_through);

    /* Once in some ten million times, bytes that were just written are not yet those that are executed. */
    for (attempt = 0; attempt < 2; attempt++) {
        memcpy(window, test->window, WINDOW_SIZE);
        memcpy(exchange->in, test->gprs, sizeof exchange->in);
        memcpy(exchange->ymm, test->ymm, sizeof exchange->ymm);
        exchange->in_flags = test->flags;
        exchange->mxcsr = test->mxcsr;
        exchange->entry = (uint64_t)slot;

        number = sigsetjmp(escape, 0);
        if (number == 0)
            status = run_case() ? STATUS_LANDED : STATUS_FELL_THROUGH;
        else
            status = STATUS_FAULT + (uint32_t)number;
        if (status != STATUS_FAULT + SIGILL)
            break;
    }

    memcpy(test->window, window, WINDOW_SIZE);
    memset(window, 0, WINDOW_SIZE);
    if (memcmp((void *)DATA_BASE, zeros, DATA_SIZE) != 0) {
        status |= STATUS_OUTSIDE;
        memset((void *)DATA_BASE, 0, DATA_SIZE);
    }
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

int main(int argc, char **argv)
{
    if (argc != 2 || !map_fixed(CODE_BASE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) ||
        !map_fixed(DATA_BASE, DATA_SIZE, PROT_READ | PROT_WRITE) || !map_fixed(EXCHANGE, 0x1000, PROT_READ | PROT_WRITE) ||
        !install())
        return 1;
    put_jump((uint8_t *)LANDING, leave_landed);
    return oracle_serve(argv[1], execute);
}
