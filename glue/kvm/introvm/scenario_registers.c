// SPDX-License-Identifier: MIT
// What the engine is told about vCPUs, running and stopped, and what it changes.

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine.h"
#include "hooks.h"
#include "scenarios.h"
#include "services.h"
#include "vcpu_thread.h"
#include "vm.h"

#define MSR_EFER 0xC0000080u
#define EFER_LMA 0x400u
#define MARK 0x1234ABCD5678EF00ull

static INTSTATUS query(Machine *machine, DWORD info_class, unsigned vcpu, void *buffer, DWORD size)
{
    return query_guest_info(machine->guest, info_class, (void *)(uintptr_t)vcpu, buffer, size);
}

static bool is_in_spin(const Machine *machine, QWORD rip)
{
    return rip >= machine->header->routine_spin && rip < machine->header->routine_spin + 0x20;
}

/** Everything that is asked about one vCPU. */
static void ask_all(Machine *machine, unsigned vcpu)
{
    IG_ARCH_REGS registers = {.Rax = 0};
    IG_SEG_REGS segments = {.CsBase = 0};
    IG_QUERY_MSR efer = {.MsrId = MSR_EFER};
    DWORD type = 0, ring = 9, size = 0;
    QWORD xcr0 = 0, idt = 0;
    uint8_t *xsave;

    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_REGISTER_STATE, vcpu, &registers, sizeof registers)) &&
              is_in_spin(machine, registers.Rip) && registers.Cr3 == machine->header->level4 &&
              registers.IdtBase == machine->header->interrupts && registers.IdtLimit == 4095 && (registers.Cr0 & 0x80000001) == 0x80000001,
          "REGISTER_STATE of a vCPU that runs: its routine, tables and control registers");
    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_CS_TYPE, vcpu, &type, sizeof type)) && type == IG_CS_TYPE_64B &&
              INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_CS_RING, vcpu, &ring, sizeof ring)) && ring == 0,
          "CS_TYPE and CS_RING: 64-bit kernel code");
    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_SEG_REGISTERS, vcpu, &segments, sizeof segments)) &&
              segments.GsBase == GUEST_MAILBOX + vcpu * 0x1000 && segments.CsSelector == SELECTOR_KERNEL_CODE &&
              (segments.CsAr & 0xF0FF) == 0xA09B,
          "SEG_REGISTERS: the mailbox, and long-mode code");
    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_READ_MSR, vcpu, &efer, sizeof efer)) && (efer.Value & EFER_LMA),
          "READ_MSR of EFER");
    check(query(machine, IG_QUERY_INFO_CLASS_IDT, vcpu, &idt, sizeof idt) == INT_STATUS_SUCCESS && idt == machine->header->interrupts,
          "IDT");
    check(!machine->has_avx || (INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_GET_XCR0, vcpu, &xcr0, sizeof xcr0)) && xcr0 == 7),
          "GET_XCR0");
    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_XSAVE_SIZE, vcpu, &size, sizeof size)) && size >= 576, "XSAVE_SIZE");
    xsave = calloc(1, size);
    check(xsave && INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_XSAVE_AREA, vcpu, xsave, size)) &&
              query(machine, IG_QUERY_INFO_CLASS_XSAVE_AREA, vcpu, xsave, size - 1) == INT_STATUS_DATA_BUFFER_TOO_SMALL,
          "XSAVE_AREA, into a buffer that is large enough");
    free(xsave);
}

static void ask_about_the_guest(Machine *machine)
{
    DWORD count = 0;
    QWORD last = 0, speed = 0;
    BOOLEAN dtr = TRUE;

    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_CPU_COUNT, 0, &count, sizeof count)) && count == 2 &&
              INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_MAX_GPFN, 0, &last, sizeof last)) && last == GUEST_RAM_SIZE / 4096 - 1 &&
              INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_TSC_SPEED, 0, &speed, sizeof speed)) && speed > 1000000 &&
              INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_DTR_SUPPORT, 0, &dtr, sizeof dtr)) && !dtr,
          "CPU_COUNT, MAX_GPFN, TSC_SPEED; loads of IDTR do not exit, and the glue says so");
    check(query(machine, IG_QUERY_INFO_CLASS_REGISTER_STATE, 5, &last, sizeof last) == INT_STATUS_INVALID_PARAMETER_3,
          "a vCPU that is not there is refused");
}

/** Stopped twice, it goes on only when let go twice. */
static void stop_and_change(Machine *machine)
{
    volatile uint64_t *count = machine_box(machine, 1, BOX_COUNT);
    IG_ARCH_REGS registers;
    uint64_t before;
    bool stands;

    gate_close(machine->guest);
    gate_close(machine->guest);
    before = *count;
    sleep_for(30);
    stands = *count == before;
    gate_open(machine->guest);
    sleep_for(10);
    check(stands && *count == before, "a stopped vCPU stands still until it is let go as often as it was stopped");
    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_REGISTER_STATE, 1, &registers, sizeof registers)), "and can be looked at");
    registers.Rbx = MARK;
    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_SET_REGISTERS, 1, &registers, sizeof registers)), "and changed");
    gate_open(machine->guest);
    check(vcpu_thread_moves(machine, 1, BOX_COUNT), "and goes on");
}

/** From inside an exit: registers that were pushed are those that are asked for; changes take effect behind the store. */
static void change_in_an_exit(void *context)
{
    Machine *machine = context;
    IG_ARCH_REGS asked;
    void *base = NULL;
    DWORD stride = 0, count = 0;
    const VCPU_STATE *record;

    check(INT_SUCCESS(engine.IntGetVcpuRecords(machine->guest, &base, &stride, &count)) && count == 2, "the vCPUs have records");
    record = base;
    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_REGISTER_STATE, IG_CURRENT_VCPU, &asked, sizeof asked)) &&
              memcmp(&asked.Rax, &record->Regs.Rax, 16 * sizeof(QWORD)) == 0 && asked.Rip == record->Regs.Rip &&
              asked.Cr3 == record->Regs.Cr3 && asked.IdtBase == record->Regs.IdtBase && record->CsType == IG_CS_TYPE_64B,
          "registers that an exit pushes are those of a query");
    asked.Rbx = MARK + 1;
    check(INT_SUCCESS(query(machine, IG_QUERY_INFO_CLASS_SET_REGISTERS, 0, &asked, sizeof asked)), "SET_REGISTERS in an exit");
}

static void exit_and_change(Machine *machine)
{
    static Judge judge = {.also = change_in_an_exit};
    Call call = {.rax = 3, .rbx = 1, .rdi = GUEST_TARGET};
    Ending ending;

    judge.context = machine;
    hooks_clear(&judge, introGuestAllowed);
    if (!hooks_set(machine, GUEST_TARGET, 4096, &judge))
        return;
    ending = machine_call(machine, 0, machine->header->routine_store, &call);
    check(ending == ENDING_READY && call.rbx == MARK + 1 && machine->ram[GUEST_TARGET] == 3,
          "a register that is changed in an exit is the guest's behind the store, and the store has landed");
}

void scenario_registers(void)
{
    Machine machine;
    VcpuThread thread = {.machine = &machine, .vcpu = 1};

    if (machine_create(&machine, 2, 0, 0) && check(introkvm_start(machine.guest) == 0, "protection starts")) {
        ask_about_the_guest(&machine);
        thread.routine = machine.header->routine_spin;
        *machine_box(&machine, 1, BOX_STOP) = 0;
        if (vcpu_thread_start(&thread)) {
            check(vcpu_thread_moves(&machine, 1, BOX_COUNT), "vCPU 1 runs");
            ask_all(&machine, 1);
            stop_and_change(&machine);
            *machine_box(&machine, 1, BOX_STOP) = 1;
            vcpu_thread_join(&thread);
            check(thread.ending == ENDING_READY && thread.call.rbx == MARK, "what was changed is what the guest has");
        }
        if (hooks_required())
            exit_and_change(&machine);
    }
    machine_destroy(&machine);
}
