// SPDX-License-Identifier: MIT
// The guest's interrupt table, guarded by the engine itself, attacked by its kernel and by user code.

#include <string.h>

#include "check.h"
#include "forms.h"
#include "scenarios.h"

#define GATE 14u
#define EVIL 0xBADBADBADBADull

static uint64_t gate_address(const Machine *machine, unsigned gate)
{
    return machine->header->interrupts + 16 * gate;
}

/** The first eight bytes of a gate. */
static uint64_t gate_value(const Machine *machine, unsigned gate)
{
    uint64_t value;

    memcpy(&value, machine->ram + gate_address(machine, gate), sizeof value);
    return value;
}

static void attack_from_kernel(Machine *machine)
{
    Call call = {.rax = EVIL, .rdi = gate_address(machine, GATE)};
    uint64_t before = gate_value(machine, GATE);
    const AlertLog *alerts = &machine->alerts;
    Ending ending = machine_call(machine, 0, machine->header->routine_store, &call);

    check(ending == ENDING_READY && gate_value(machine, GATE) == before, "a store to gate %u by the kernel does not land", GATE);
    check(atomic_load(&alerts->of_stores) == 1 && atomic_load(&alerts->gate) == GATE && atomic_load(&alerts->size) == 8 &&
              atomic_load(&alerts->action) == introGuestNotAllowed && !(atomic_load(&alerts->flags) & ALERT_FLAG_NOT_RING0) &&
              alerts->old_value == before && alerts->new_value == EVIL,
          "its alert names the gate, both values, and the kernel");
    check(atomic_load(&alerts->rip) == machine->header->routine_store + 3, "its RIP is past the instruction (0x%llx)",
          (unsigned long long)atomic_load(&alerts->rip));

    call = (Call){.rax = before, .rdi = gate_address(machine, GATE)};
    ending = machine_call(machine, 0, machine->header->routine_store, &call);
    check(ending == ENDING_READY && atomic_load(&alerts->of_stores) == 1, "a store of what is there is no attack");
}

static void attack_from_user_code(Machine *machine)
{
    Call call = {.rax = EVIL, .rbx = machine->header->routine_user_store, .rdi = gate_address(machine, 3)};
    uint64_t before = gate_value(machine, 3);
    unsigned alerts = atomic_load(&machine->alerts.of_stores);
    Ending ending = machine_call(machine, 0, machine->header->routine_user, &call);

    check(ending == ENDING_READY && gate_value(machine, 3) == before, "a store by user code does not land");
    check(atomic_load(&machine->alerts.of_stores) == alerts + 1 && (atomic_load(&machine->alerts.flags) & ALERT_FLAG_NOT_RING0) &&
              atomic_load(&machine->alerts.gate) == 3,
          "its alert says that it was not the kernel");

    call = (Call){.rbx = machine->header->routine_user_cli};
    ending = machine_call(machine, 0, machine->header->routine_user, &call);
    check(ending == ENDING_READY && *machine_box(machine, 0, BOX_VECTOR) == 13 && (*machine_box(machine, 0, BOX_CS) & 3) == 3,
          "user code is user code: CLI raises #GP");
}

/** Wide stores, which KVM tells in pieces, and those that it cannot emulate. */
static void attack_with(Machine *machine, const char *name)
{
    const Form *form = form_find(machine, name);
    unsigned alerts = atomic_load(&machine->alerts.of_stores);
    uint8_t before[4096];
    Call call = {.rax = EVIL, .rbx = EVIL, .rcx = EVIL, .rdi = gate_address(machine, 32)};
    Ending ending;

    if (!form) {
        check_skip("%s: not possible here", name);
        return;
    }
    memcpy(before, machine->ram + machine->header->interrupts, sizeof before);
    ending = machine_call(machine, 0, form->code, &call);
    check(ending == ENDING_READY && memcmp(machine->ram + machine->header->interrupts, before, sizeof before) == 0 &&
              atomic_load(&machine->alerts.of_stores) == alerts + 1 && atomic_load(&machine->alerts.gate) == 32,
          "%s to gate 32 does not land, with one alert (%u)", name, atomic_load(&machine->alerts.of_stores) - alerts);
}

static void attack_after_the_end(Machine *machine)
{
    Call call = {.rax = EVIL, .rdi = gate_address(machine, 200)};
    unsigned alerts = atomic_load(&machine->alerts.count);
    Ending ending;

    check(introkvm_stop(machine->guest) == 0, "protection stops");
    ending = machine_call(machine, 0, machine->header->routine_store, &call);
    check(ending == ENDING_READY && gate_value(machine, 200) == EVIL && atomic_load(&machine->alerts.count) == alerts,
          "then the store lands, and nobody is told");
}

static void attack_where_only_logged(void)
{
    Machine machine;

    if (machine_create(&machine, 1, INTRO_OPT_PROT_KM_IDT | INTRO_OPT_KM_BETA_DETECTIONS, 0) &&
        check(introkvm_start(machine.guest) == 0, "protection starts, log-only")) {
        Call call = {.rax = EVIL, .rdi = gate_address(&machine, 200)};
        Ending ending = machine_call(&machine, 0, machine.header->routine_store, &call);

        check(ending == ENDING_READY && gate_value(&machine, 200) == EVIL && atomic_load(&machine.alerts.of_stores) == 1 &&
                  (atomic_load(&machine.alerts.flags) & ALERT_FLAG_BETA),
              "the store is told, and lands");
    }
    machine_destroy(&machine);
}

void scenario_table(void)
{
    static const char *const wide[] = {"movups", "movdqu", "lock cmpxchg16b", "pextrq", "vmovups ymm", "fxsave", "xsave", "sidt",
                                       "sgdt", "lock inc", "stosq", "call", "push r64"};
    Machine machine;

    if (machine_create(&machine, 1, INTRO_OPT_PROT_KM_IDT, 0) && check(introkvm_start(machine.guest) == 0, "protection starts")) {
        attack_from_kernel(&machine);
        attack_from_user_code(&machine);
        for (unsigned i = 0; i < sizeof wide / sizeof *wide; i++)
            attack_with(&machine, wide[i]);
        attack_after_the_end(&machine);
    }
    machine_destroy(&machine);
    attack_where_only_logged();
}
