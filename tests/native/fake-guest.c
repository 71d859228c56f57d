/* SPDX-License-Identifier: MIT */
/* Guests: RAM, page tables, the interrupt descriptor table, code, registers; their way through the engine. */
#include "fake-hypervisor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#define PTE_PRESENT 0x01ull
#define PTE_WRITABLE 0x02ull
#define PTE_USER 0x04ull
#define PTE_SEEN 0x60ull /* accessed, dirty */
#define PTE_LARGE 0x80ull
#define PTE_KERNEL (PTE_PRESENT | PTE_WRITABLE | PTE_SEEN)

static QWORD *table_at(struct guest *guest, QWORD gpa)
{
    return (QWORD *)(void *)(guest->ram + gpa);
}

static void write_page_tables(struct guest *guest)
{
    QWORD *pml4 = table_at(guest, GPA_PML4);

    /* kernel window: 4 KiB pages over all RAM */
    pml4[511] = 0x2000 | PTE_KERNEL;
    table_at(guest, 0x2000)[510] = 0x3000 | PTE_KERNEL;
    table_at(guest, 0x3000)[0] = 0x4000 | PTE_KERNEL;
    for (QWORD frame = 0; frame < GUEST_FRAMES; frame++)
        table_at(guest, 0x4000)[frame] = frame << 12 | PTE_KERNEL;

    /* IDT window: 8 pages */
    pml4[508] = 0x5000 | PTE_KERNEL;
    table_at(guest, 0x5000)[0] = 0x6000 | PTE_KERNEL;
    table_at(guest, 0x6000)[0] = 0x7000 | PTE_KERNEL;
    for (QWORD page = 0; page < 8; page++)
        table_at(guest, 0x7000)[page] = (GPA_IDT + (page << 12)) | PTE_KERNEL;

    /* direct map: one large page */
    pml4[273] = 0x8000 | PTE_KERNEL;
    table_at(guest, 0x8000)[0] = 0x9000 | PTE_KERNEL;
    table_at(guest, 0x9000)[0] = PTE_KERNEL | PTE_LARGE;

    /* user code */
    pml4[0] = 0xA000 | PTE_KERNEL | PTE_USER;
    table_at(guest, 0xA000)[0] = 0xB000 | PTE_KERNEL | PTE_USER;
    table_at(guest, 0xB000)[2] = 0xC000 | PTE_KERNEL | PTE_USER;
    table_at(guest, 0xC000)[0] = GPA_USER_CODE | PTE_KERNEL | PTE_USER;
}

static void write_code(BYTE *page)
{
    static const struct {
        WORD offset;
        BYTE size;
        BYTE bytes[5];
    } code[] = {
        {CODE_MOV8, 3, {0x48, 0x89, 0x37}},
        {CODE_MOV1, 3, {0x40, 0x88, 0x37}},
        {CODE_MOVUPS, 3, {0x0F, 0x11, 0x07}},
        {CODE_REP_STOSB, 2, {0xF3, 0xAA}},
        {CODE_LOCK_XOR, 4, {0xF0, 0x48, 0x31, 0x37}},
        {CODE_PUSH, 1, {0x56}},
        {CODE_MOV2, 3, {0x66, 0x89, 0x37}},
        {CODE_MOV4, 2, {0x89, 0x37}},
        {CODE_MOV8_GS, 4, {0x65, 0x48, 0x89, 0x37}},
        {CODE_MOVSQ, 2, {0x48, 0xA5}},
        {CODE_MOV8_INDEX, 5, {0x48, 0x89, 0x74, 0xCF, 0x10}},
        {CODE_LOAD8, 3, {0x48, 0x8B, 0x07}},
        {CODE_NOP, 1, {0x90}},
        {CODE_INVALID, 1, {0x06}},
        {CODE_MOV8_UD2, 5, {0x48, 0x89, 0x37, 0x0F, 0x0B}},
    };
    memset(page, 0x90, 0x1000);
    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
        memcpy(page + code[i].offset, code[i].bytes, code[i].size);
}

/* 256 interrupt gates of ring 0, handlers 16 bytes apart in the kernel. */
static void write_idt(BYTE *table)
{
    for (unsigned gate = 0; gate < 256; gate++) {
        QWORD handler = GLA_KERNEL + 0x12000 + 16ull * gate;
        QWORD low = (handler & 0xFFFF) | 0x10ull << 16 | 0x8Eull << 40 | (handler >> 16 & 0xFFFF) << 48;
        QWORD high = handler >> 32;
        memcpy(table + 16 * gate, &low, 8);
        memcpy(table + 16 * gate + 8, &high, 8);
    }
}

static void write_registers(struct guest *guest, unsigned number)
{
    struct vcpu *cpu = &guest->cpus[number];
    cpu->regs = (IG_ARCH_REGS){
        .Rax = 0xA0 + number, .Rcx = 0xC0 + number, .Rdx = 0xD0, .Rbx = 0xB0, .Rbp = 0xBB, .R8 = 0x808, .R9 = 0x909,
        .R10 = 0x1010, .R11 = 0x1111, .R12 = 0x1212, .R13 = 0x1313, .R14 = 0x1414, .R15 = 0x1515,
        .Rsp = GLA_KERNEL + GPA_STACK + 0x800 + 0x100 * number,
        .Rip = RIP_KERNEL(CODE_MOV8),
        .Flags = 0x202, .Dr7 = 0x400,
        .Cr0 = 0x80050033, .Cr3 = GPA_PML4, .Cr4 = 0x6A0,
        .GdtBase = GLA_KERNEL + GPA_DATA + 0x800, .GdtLimit = 0x7F,
    };
    cpu->segments.CsSelector = 0x10, cpu->segments.CsAr = 0xA09B, cpu->segments.CsLimit = 0xFFFFFFFF;
    cpu->segments.SsSelector = 0x18, cpu->segments.SsAr = 0xC093, cpu->segments.SsLimit = 0xFFFFFFFF;
    cpu->segments.DsAr = cpu->segments.EsAr = cpu->segments.FsAr = cpu->segments.GsAr = 0x10000;
    cpu->efer = 0xD01;
    cpu->xcr0 = 7;
    cpu->cs_type = IG_CS_TYPE_64B;
    cpu->cpl = IG_CS_RING_0;
    guest_set_idt(guest, number, GLA_IDT, 0xFFF);
}

struct guest *guest_create(unsigned cpu_count)
{
    struct guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL || cpu_count > GUEST_MAX_CPUS)
        abort();
    guest->magic = GUEST_MAGIC;
    guest->cpu_count = cpu_count;
    guest->ram_fd = memfd_create("guest", MFD_CLOEXEC);
    if (guest->ram_fd < 0 || ftruncate(guest->ram_fd, (off_t)GUEST_RAM_SIZE) != 0)
        abort();
    guest->ram = mmap(NULL, GUEST_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, guest->ram_fd, 0);
    if (guest->ram == MAP_FAILED)
        abort();
    for (size_t frame = 0; frame < GUEST_FRAMES; frame++)
        guest->rights[frame] = 7;
    write_page_tables(guest);
    write_code(guest->ram + GPA_CODE);
    write_code(guest->ram + GPA_USER_CODE);
    write_idt(guest->ram + GPA_IDT);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        write_registers(guest, cpu);
    guest->configure = true;
    guest->config = (INTRO_GUEST_CONFIG){.Size = sizeof(INTRO_GUEST_CONFIG), .StoreCompletion = introCompletionData};
    return guest;
}

void guest_destroy(struct guest *guest)
{
    munmap(guest->ram, GUEST_RAM_SIZE);
    close(guest->ram_fd);
    free(guest->alerts);
    guest->magic = 0;
    free(guest);
}

void guest_set_idt(struct guest *guest, unsigned cpu, QWORD gla, DWORD limit)
{
    guest->cpus[cpu].regs.IdtBase = gla;
    guest->cpus[cpu].regs.IdtLimit = limit;
}

INTSTATUS guest_start(struct guest *guest, QWORD options)
{
    INTSTATUS status;
    if (guest->configure) {
        status = lib.IntConfigureGuest(guest, &guest->config);
        if (status != INT_STATUS_SUCCESS)
            return status;
    }
    if (guest->declare) {
        status = lib.IntDeclareGuestMemory(guest, 0, GUEST_RAM_SIZE, guest->ram);
        if (status != INT_STATUS_SUCCESS)
            return status;
    }
    status = glue.NewGuestNotification(guest, options, NULL, 0);
    if (status != INT_STATUS_SUCCESS)
        return status;
    void *base = NULL;
    DWORD count = 0;
    status = lib.IntGetVcpuRecords(guest, &base, &guest->stride, &count);
    guest->records = base;
    return status;
}

INTSTATUS guest_stop(struct guest *guest)
{
    INTSTATUS status = glue.DisableIntro(guest, 0);
    if (status == INT_STATUS_SUCCESS) {
        guest->records = NULL;
        if (guest->declare)
            status = lib.IntRemoveGuestMemory(guest, 0, GUEST_RAM_SIZE);
    }
    return status;
}

VCPU_STATE *guest_record(struct guest *guest, unsigned cpu)
{
    return (VCPU_STATE *)(void *)(guest->records + (size_t)cpu * guest->stride);
}

int guest_mapped(struct guest *guest)
{
    return (int)(guest->counts[COUNT_MAP] - guest->counts[COUNT_UNMAP]);
}

bool guest_is_free(struct guest *guest)
{
    for (size_t frame = 0; frame < GUEST_FRAMES; frame++) {
        if (guest->rights[frame] != 7)
            return false;
    }
    return atomic_load(&guest->ept_handler) == NULL && atomic_load(&guest->injection_handler) == NULL;
}
