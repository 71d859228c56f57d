// SPDX-License-Identifier: GPL-2.0-or-later
// Where QEMU keeps a vCPU's registers, compared with what QEMU itself says about the vCPU.

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event_log.h"
#include "vcpu.h"
#include "vcpu_fields.h"

#define MARKED_REGISTERS 8
#define ALL_ARITHMETIC_FLAGS 0x8D5u
#define MARK 0x5AA5C301u /* plus the number of the register */

static Vcpu vcpus[MAX_VCPUS];
static DWORD count;

bool vcpu_locate(DWORD index)
{
    // QEMU's debugger interface numbers RAX RBX RCX RDX RSI RDI RBP RSP; the state is in the order of the encoding.
    static const int debugger_number[MARKED_REGISTERS] = {0, 2, 3, 1, 7, 6, 4, 5};
    CPUState *cpu = qemu.qemu_get_cpu((int)index);
    uint64_t marks[MARKED_REGISTERS], former[MARKED_REGISTERS];
    bool is_there;
    Vcpu *vcpu;

    if (index >= MAX_VCPUS) {
        log_error("vCPU %u: at most %u vCPUs are supported; start the machine with fewer", index, MAX_VCPUS);
        return false;
    }
    if (!cpu) {
        log_error("vCPU %u: QEMU knows no object for it", index);
        return false;
    }
    vcpu = &vcpus[index];
    if (vcpu->cpu == cpu && vcpu->state)
        return true;
    *vcpu = (Vcpu){.cpu = cpu, .index = index, .state = vcpu_field_address(cpu, FIELD_REGISTERS)};
    // 32 bits each, since that interface goes by the mode of the vCPU, which is rarely a 64-bit one yet.
    for (int i = 0; i < MARKED_REGISTERS; i++) {
        former[i] = vcpu_read_gdb(vcpu, debugger_number[i]);
        marks[i] = MARK + (unsigned)i;
        qemu.x86_cpu_gdb_write_register(cpu, (uint8_t *)&marks[i], debugger_number[i]);
    }
    is_there = memcmp(vcpu->state->regs, marks, sizeof marks) == 0;
    for (int i = 0; i < MARKED_REGISTERS; i++)
        qemu.x86_cpu_gdb_write_register(cpu, (uint8_t *)&former[i], debugger_number[i]);
    if (!is_there) {
        log_error("vCPU %u: its registers are not where QEMU's description of the CPU object says; this build of QEMU is not "
                  "supported", index);
        vcpu->state = NULL;
        return false;
    }
    if (index >= count)
        count = index + 1;
    return true;
}

DWORD vcpu_count(void)
{
    return count;
}

Vcpu *vcpu_get(DWORD index)
{
    return index < count && vcpus[index].state ? &vcpus[index] : NULL;
}

Vcpu *vcpu_current(void)
{
    static __thread Vcpu *of_thread;
    CPUState *cpu = qemu_current_cpu();

    if (!cpu)
        return NULL;
    if (of_thread && of_thread->cpu == cpu)
        return of_thread;
    for (DWORD i = 0; i < count; i++)
        if (vcpus[i].cpu == cpu)
            return of_thread = &vcpus[i];
    return NULL;
}

/** QEMU's dump of the vCPU as text, to be freed; null if there is no memory for it. */
static char *dump(const Vcpu *vcpu)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return NULL;
    qemu.cpu_dump_state(vcpu->cpu, stream, 0);
    fclose(stream);
    return text;
}

/** The hexadecimal numbers that follow name in a dump. Returns how many of wanted there are. */
static int numbers_after(const char *text, const char *name, uint64_t *numbers, int wanted)
{
    const char *at = strstr(text, name);
    int n = 0;

    if (!at)
        return 0;
    for (at += strlen(name); n < wanted; n++) {
        char *end;

        numbers[n] = strtoull(at, &end, 16);
        if (end == at)
            break;
        at = end;
    }
    return n;
}

/** One comparison of the check: a name for the message, what the state says, what the dump says. */
static bool is_equal(const Vcpu *vcpu, const char *name, uint64_t found, uint64_t expected)
{
    if (found == expected)
        return true;
    log_error("vCPU %u: %s is 0x%" PRIx64 " in the CPU object and 0x%" PRIx64
              " in QEMU's dump of it; this build of QEMU is not supported", vcpu->index, name, found, expected);
    return false;
}

static bool verify_segments(const Vcpu *vcpu, const char *text)
{
    static const char *const names[QEMU_SEGMENT_COUNT] = {"\nES =", "\nCS =", "\nSS =", "\nDS =", "\nFS =", "\nGS ="};

    for (int i = 0; i < QEMU_SEGMENT_COUNT; i++) {
        const QemuSegment *segment = &vcpu->state->segments[i];
        uint64_t numbers[4] = {0};

        if (numbers_after(text, names[i], numbers, 4) != 4)
            return is_equal(vcpu, names[i] + 1, 1, 0);
        // The dump ends a number where a name begins that is no hexadecimal digit; DPL begins with one after a blank.
        if (!is_equal(vcpu, "a selector", segment->selector, numbers[0]) ||
            !is_equal(vcpu, "a segment's base", segment->base, numbers[1]) ||
            !is_equal(vcpu, "a segment's limit", segment->limit, numbers[2]) ||
            !is_equal(vcpu, "a segment's attributes", segment->flags & 0x00FFFF00u, numbers[3] & 0x00FFFF00u))
            return false;
    }
    return true;
}

static bool verify_tables(const Vcpu *vcpu, const char *text)
{
    const QemuX86State *state = vcpu->state;
    uint64_t gdt[2], idt[2], cr[4];

    if (numbers_after(text, "\nGDT=", gdt, 2) != 2 || numbers_after(text, "\nIDT=", idt, 2) != 2 ||
        !numbers_after(text, "\nCR0=", &cr[0], 1) || !numbers_after(text, " CR2=", &cr[1], 1) ||
        !numbers_after(text, " CR3=", &cr[2], 1) || !numbers_after(text, " CR4=", &cr[3], 1)) {
        log_error("vCPU %u: QEMU's dump of it lacks a table or a control register; this build of QEMU is not supported",
                  vcpu->index);
        return false;
    }
    return is_equal(vcpu, "the base of the GDT", state->gdt.base, gdt[0]) &&
           is_equal(vcpu, "the limit of the GDT", state->gdt.limit, gdt[1]) &&
           is_equal(vcpu, "the base of the IDT", state->idt.base, idt[0]) &&
           is_equal(vcpu, "the limit of the IDT", state->idt.limit, idt[1]) &&
           is_equal(vcpu, "CR0", state->cr[0], cr[0]) && is_equal(vcpu, "CR2", state->cr[2], cr[1]) &&
           is_equal(vcpu, "CR3", state->cr[3], cr[2]) && is_equal(vcpu, "CR4", state->cr[4], cr[3]);
}

/** The numbers of QEMU's debugger interface that are used say the same as the state. */
static bool verify_debugger(const Vcpu *vcpu)
{
    const QemuX86State *state = vcpu->state;

    return is_equal(vcpu, "RIP for the debugger", vcpu_read_gdb(vcpu, GDB_RIP), state->rip) &&
           is_equal(vcpu, "CR0 for the debugger", vcpu_read_gdb(vcpu, GDB_CR0), state->cr[0]) &&
           is_equal(vcpu, "CR2 for the debugger", vcpu_read_gdb(vcpu, GDB_CR2), state->cr[2]) &&
           is_equal(vcpu, "CR3 for the debugger", vcpu_read_gdb(vcpu, GDB_CR3), state->cr[3]) &&
           is_equal(vcpu, "CR4 for the debugger", vcpu_read_gdb(vcpu, GDB_CR4), state->cr[4]) &&
           is_equal(vcpu, "the base of FS for the debugger", vcpu_read_gdb(vcpu, GDB_FS_BASE), state->segments[QEMU_FS].base) &&
           is_equal(vcpu, "the base of GS for the debugger", vcpu_read_gdb(vcpu, GDB_GS_BASE), state->segments[QEMU_GS].base);
}

/** The arithmetic flags can be given as they are: cc_op has the value for that. The vCPU's own are put back. */
static bool verify_flags(const Vcpu *vcpu)
{
    QemuX86State *state = vcpu->state, former = *state;
    uint32_t computed;

    state->cc_op = qemu.cc_op_in_cc_src;
    state->cc_src = ALL_ARITHMETIC_FLAGS;
    state->cc_dst = state->cc_src2 = 0;
    computed = qemu.cpu_cc_compute_all(state, (int)state->cc_op);
    state->cc_op = former.cc_op;
    state->cc_src = former.cc_src;
    state->cc_dst = former.cc_dst;
    state->cc_src2 = former.cc_src2;
    return is_equal(vcpu, "a set of flags", ALL_ARITHMETIC_FLAGS, computed);
}

bool vcpu_verify(const Vcpu *vcpu)
{
    IG_ARCH_REGS registers;
    uint64_t flags, cpl, rip, efer;
    char *text = dump(vcpu);
    bool is_right;

    if (!text) {
        log_error("vCPU %u: no memory for QEMU's dump of it", vcpu->index);
        return false;
    }
    vcpu_read_registers(vcpu, &registers);
    // The names of 64-bit code, then those of any other code.
    if (!numbers_after(text, " RFL=", &flags, 1) && !numbers_after(text, " EFL=", &flags, 1))
        flags = ~0ull;
    if (!numbers_after(text, "\nRIP=", &rip, 1) && !numbers_after(text, "\nEIP=", &rip, 1))
        rip = ~0ull;
    if (!numbers_after(text, " CPL=", &cpl, 1))
        cpl = ~0ull;
    if (!numbers_after(text, "\nEFER=", &efer, 1))
        efer = ~0ull;
    is_right = is_equal(vcpu, "RIP", registers.Rip, rip) && is_equal(vcpu, "FLAGS", registers.Flags, flags) &&
               is_equal(vcpu, "CPL", vcpu_cpl(vcpu), cpl) &&
               is_equal(vcpu, "EFER for the debugger", vcpu_read_gdb(vcpu, GDB_EFER), efer) &&
               is_equal(vcpu, "EFER", vcpu_field_read(vcpu->cpu, FIELD_EFER), efer) && verify_flags(vcpu) && verify_segments(vcpu, text) &&
               verify_tables(vcpu, text) && verify_debugger(vcpu);
    free(text);
    return is_right;
}
