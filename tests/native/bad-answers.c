/* SPDX-License-Identifier: MIT */
/* A hypervisor that answers badly: queries that fail or lie, rights that cannot be withdrawn, page tables that lead nowhere. */
#include "bad-input.h"

#include <string.h>

/* The one class that is answered badly, and how. */
static DWORD bad_class;
static INTSTATUS bad_status;
static bool (*bad_answer)(struct guest *guest, void *buffer);

static bool answer(struct guest *guest, DWORD info_class, void *buffer, INTSTATUS *status)
{
    if (info_class != bad_class)
        return false;
    if (bad_answer != NULL) {
        *status = INT_STATUS_SUCCESS;
        return bad_answer(guest, buffer);
    }
    *status = bad_status;
    return true;
}

/* Tries to take a guest under protection. Whatever comes of it: no crash, and nothing left behind. */
static void try_start(struct guest *guest, const char *name)
{
    INTSTATUS status = guest_start(guest, INTRO_OPT_PROT_KM_IDT);
    check_note("%s: status 0x%08X, %s", name, (unsigned)status,
               guest->rights[GPA_IDT >> 12] & 2 ? "not guarded" : "guarded");
    if (status == INT_STATUS_SUCCESS) {
        struct store store = {.rip = RIP_KERNEL(CODE_MOV8), .gla = GATE_GLA(0), .gpa = GATE_GPA(0), .data = "12345678",
                              .size = 8, .pushed = VCPU_REG_SUFFICIENT, .flags = VCPU_EXIT_DATA};
        bool guarded = (guest->rights[GPA_IDT >> 12] & 2) == 0;
        struct outcome outcome = guest_store(guest, &store);
        check(!guarded || outcome.action == introGuestNotAllowed, name, "the table is guarded and a store gets action %d",
              (int)outcome.action);
        CHECK(!guarded || atomic_load(&guest->ept_handler) != NULL, "no right is withdrawn without a handler for the exits");
        CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), name);
    } else {
        void *base;
        DWORD stride, count;
        CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntGetVcpuRecords(guest, &base, &stride, &count), name);
        CHECK_EQ(0, guest->counts[COUNT_ACTIVATED], name);
    }
    guest->set_rights_status = INT_STATUS_SUCCESS;
    check(guest_is_free(guest) && guest_mapped(guest) == 0, name, "something is left behind");
    CHECK_EQ(guest->counts[COUNT_PAUSE], guest->counts[COUNT_RESUME], name);
    guest_destroy(guest);
}

static bool no_cpus(struct guest *guest, void *buffer)
{
    (void)guest;
    *(DWORD *)buffer = 0;
    return true;
}

static bool many_cpus(struct guest *guest, void *buffer)
{
    (void)guest;
    *(DWORD *)buffer = 0xFFFFFFFF;
    return true;
}

static bool strange_tid(struct guest *guest, void *buffer)
{
    (void)guest;
    *(DWORD *)buffer = 4711;
    return true;
}

static bool no_paging(struct guest *guest, void *buffer)
{
    memcpy(buffer, &guest->cpus[0].regs, sizeof(IG_ARCH_REGS));
    ((IG_ARCH_REGS *)buffer)->Cr0 = 0x10;
    return true;
}

static void queries(void)
{
    static const struct {
        DWORD info_class;
        INTSTATUS status;
        bool (*answer)(struct guest *guest, void *buffer);
        const char *name;
    } cases[] = {
        {IG_QUERY_INFO_CLASS_CPU_COUNT, INT_STATUS_UNSUCCESSFUL, NULL, "CPU_COUNT fails"},
        {IG_QUERY_INFO_CLASS_CPU_COUNT, 0, no_cpus, "no vCPU"},
        {IG_QUERY_INFO_CLASS_CPU_COUNT, 0, many_cpus, "4 billion vCPUs"},
        {IG_QUERY_INFO_CLASS_CURRENT_TID, INT_STATUS_UNSUCCESSFUL, NULL, "CURRENT_TID fails"},
        {IG_QUERY_INFO_CLASS_CURRENT_TID, 0, strange_tid, "CURRENT_TID is no vCPU"},
        {IG_QUERY_INFO_CLASS_REGISTER_STATE, INT_STATUS_UNSUCCESSFUL, NULL, "REGISTER_STATE fails"},
        {IG_QUERY_INFO_CLASS_REGISTER_STATE, 0, no_paging, "paging is off"},
        {IG_QUERY_INFO_CLASS_REGISTER_STATE_GPRS, INT_STATUS_UNSUCCESSFUL, NULL, "REGISTER_STATE_GPRS fails"},
        {IG_QUERY_INFO_CLASS_READ_MSR, INT_STATUS_UNSUCCESSFUL, NULL, "READ_MSR fails"},
        {IG_QUERY_INFO_CLASS_CS_TYPE, INT_STATUS_UNSUCCESSFUL, NULL, "CS_TYPE fails"},
        {IG_QUERY_INFO_CLASS_CS_RING, INT_STATUS_UNSUCCESSFUL, NULL, "CS_RING fails"},
        {IG_QUERY_INFO_CLASS_SEG_REGISTERS, INT_STATUS_UNSUCCESSFUL, NULL, "SEG_REGISTERS fails"},
        {IG_QUERY_INFO_CLASS_TSC_SPEED, INT_STATUS_UNSUCCESSFUL, NULL, "TSC_SPEED fails"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct guest *guest = guest_create(2);
        bad_class = cases[i].info_class, bad_status = cases[i].status, bad_answer = cases[i].answer;
        guest->on_query = answer;
        try_start(guest, cases[i].name);

        /* The same, from the moment on when the guest is active, and nothing is pushed. */
        guest = guest_create(2);
        INTSTATUS status = guest_start(guest, INTRO_OPT_PROT_KM_IDT);
        CHECK_STATUS(INT_STATUS_SUCCESS, status, "a guest is taken under protection");
        guest->on_query = answer;
        struct store store = {.rip = RIP_KERNEL(CODE_MOV8), .gla = GATE_GLA(3), .gpa = GATE_GPA(3), .size = 8};
        guest->cpus[0].regs.Rdi = GATE_GLA(3), guest->cpus[0].regs.Rsi = 0x1234;
        struct outcome outcome = guest_store(guest, &store);
        check(outcome.action != introGuestAllowed && outcome.action != introGuestAllowedVirtual, cases[i].name,
              "in an exit: status 0x%08X, action %d", (unsigned)outcome.status, (int)outcome.action);
        guest->on_query = NULL;
        outcome = guest_store8(guest, 0, GATE_GLA(4), GATE_GPA(4), 1);
        CHECK_EQ(introGuestNotAllowed, outcome.action, "the next exit is judged as ever");
        CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
        check(guest_is_free(guest) && guest_mapped(guest) == 0, cases[i].name, "something is left behind");
        guest_destroy(guest);
    }
}

static void tables_of_the_guest(void)
{
    static const struct {
        QWORD base, limit;
        const char *name;
    } tables[] = {
        {0, 0, "no table"},
        {0, 0xFFF, "a table at zero"},
        {GLA_IDT, 0, "a table of one byte"},
        {GLA_IDT, 14, "a table of less than a gate"},
        {GLA_IDT, 0xFFFFFFFFFFFFFFFFull, "a table of the whole address space"},
        {GLA_IDT, 0xFFFF, "a table beyond the mapped pages"},
        {GLA_IDT + 7, 0xFFF, "a table at an odd address"},
        {GLA_UNMAPPED, 0xFFF, "a table that is not mapped"},
        {0x0000800000000000ull, 0xFFF, "a table at an address that is not canonical"},
        {~0ull - 0xF, 0xFFF, "a table at the end of the address space"},
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct guest *guest = guest_create(1);
        guest->cpus[0].regs.IdtBase = tables[i].base;
        guest->cpus[0].regs.IdtLimit = tables[i].limit;
        try_start(guest, tables[i].name);
    }

    static const struct {
        QWORD gpa, value;
        const char *name;
    } entries[] = {
        {GPA_PML4 + 508 * 8, 0, "no entry in the PML4"},
        {GPA_PML4 + 508 * 8, GPA_PML4 | 0x63, "a PML4 entry that leads to the PML4"},
        {GPA_PML4 + 508 * 8, 0x000FFFFFFFFFF063ull, "a PML4 entry beyond the memory"},
        {0x5000, 0x5000 | 0xE3, "a page of 1 GiB that is not aligned"},
        {0x6000, 0x20000 | 0xE3, "a page of 2 MiB that is not aligned"},
        {0x7000, ~0ull, "a page table entry of ones"},
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        struct guest *guest = guest_create(1);
        memcpy(guest->ram + entries[i].gpa, &entries[i].value, 8);
        try_start(guest, entries[i].name);
    }
    struct guest *guest = guest_create(1);
    guest->cpus[0].regs.Cr3 = 0xFFFFFFFFFFFFF000ull;
    try_start(guest, "a CR3 beyond the memory");
}

void bad_answers(void)
{
    queries();
    tables_of_the_guest();
    struct guest *guest = guest_create(1);
    guest->set_rights_status = INT_STATUS_UNSUCCESSFUL;
    try_start(guest, "SetEPTPageProtection fails");
    guest = guest_create(1);
    guest->register_status = INT_STATUS_UNSUCCESSFUL;
    try_start(guest, "RegisterEPTHandler fails");

    guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest != NULL)
        bad_finish(guest);
}
