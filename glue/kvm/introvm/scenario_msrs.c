// SPDX-License-Identifier: MIT
// Writes to model-specific registers: KVM's filter makes them exit before they happen.

#include "check.h"
#include "scenarios.h"
#include "machine.h"

#define MSR_SYSENTER_EIP 0x176u
#define MSR_EFER 0xC0000080u
#define MSR_LSTAR 0xC0000082u
#define MSR_CSTAR 0xC0000083u
#define MSR_FS_BASE 0xC0000100u
#define EFER_NXE 0x800ull
#define HANDLER 0xFFFF800000001234ull
#define OTHER 0xFFFF800000006666ull

static Ending write_msr(Machine *machine, uint32_t msr, uint64_t value)
{
    Call call = {.rax = value & 0xFFFFFFFF, .rcx = msr, .rdx = value >> 32};

    return machine_call(machine, 0, machine->header->routine_write_msr, &call);
}

/** As the guest reads it. */
static uint64_t read_msr(Machine *machine, uint32_t msr)
{
    Call call = {.rcx = msr};

    machine_call(machine, 0, machine->header->routine_read_msr, &call);
    return call.rdx << 32 | (call.rax & 0xFFFFFFFF);
}

/** A write that is to be reported or not, after which the register is to have a value. */
static void expect(Machine *machine, uint32_t msr, uint64_t value, uint64_t afterwards, bool alert, const char *text)
{
    unsigned alerts = atomic_load(&machine->alerts.of_msrs);
    Ending ending = write_msr(machine, msr, value);
    uint64_t found = read_msr(machine, msr);

    check(ending == ENDING_READY && found == afterwards && atomic_load(&machine->alerts.of_msrs) == alerts + alert &&
              (!alert || (atomic_load(&machine->alerts.msr) == msr && machine->alerts.new_value == value)),
          "0x%x = 0x%llx: %s", msr, (unsigned long long)value, text);
}

static void expect_fault(Machine *machine)
{
    Ending ending;

    *machine_box(machine, 0, BOX_RESUME) = machine->header->routine_write_msr + 2;
    ending = write_msr(machine, MSR_CSTAR, 0x1234567812345678);
    check(ending == ENDING_READY && *machine_box(machine, 0, BOX_VECTOR) == 13 &&
              *machine_box(machine, 0, BOX_RIP) == machine->header->routine_write_msr,
          "a value that the processor refuses raises #GP at the WRMSR, as ever");
}

void scenario_msrs(void)
{
    IntroKvmStatistics statistics;
    Machine machine;

    if (machine_create(&machine, 1, INTRO_OPT_PROT_KM_MSR_SYSCALL, INTRO_GUARD_EFER_NXE) &&
        check(introkvm_start(machine.guest) == 0, "protection starts")) {
        if (introkvm_capabilities(machine.guest) & INTROKVM_MSR_WRITES) {
            uint64_t efer = read_msr(&machine, MSR_EFER);

            expect(&machine, MSR_LSTAR, HANDLER, HANDLER, false, "the first value is the kernel's to choose");
            expect(&machine, MSR_LSTAR, OTHER, HANDLER, true, "another one does not get there");
            expect(&machine, MSR_LSTAR, HANDLER, HANDLER, false, "the same again is no attack");
            // AMD's processors have 32 bits of it.
            expect(&machine, MSR_SYSENTER_EIP, 0x1234, 0x1234, false, "the first value");
            expect(&machine, MSR_SYSENTER_EIP, 0x6666, 0x1234, true, "another one");
            expect(&machine, MSR_EFER, efer & ~EFER_NXE, efer, true, "no-execute stays on");
            expect_fault(&machine);
            introkvm_statistics(machine.guest, &statistics, sizeof statistics);
            check(statistics.msr_writes == 7 && statistics.msr_writes_denied == 3, "%llu writes exited, %llu were denied",
                  (unsigned long long)statistics.msr_writes, (unsigned long long)statistics.msr_writes_denied);
            expect(&machine, MSR_FS_BASE, OTHER, OTHER, false, "a register that nobody guards");
        } else {
            check_skip("KVM_CAP_X86_MSR_FILTER is missing");
        }
        check(introkvm_stop(machine.guest) == 0, "protection stops");
        expect(&machine, MSR_LSTAR, OTHER, OTHER, false, "after the end");
        introkvm_statistics(machine.guest, &statistics, sizeof statistics);
        check(statistics.msr_writes == 7 || !(introkvm_capabilities(machine.guest) & INTROKVM_MSR_WRITES), "and without an exit");
    }
    machine_destroy(&machine);
}
