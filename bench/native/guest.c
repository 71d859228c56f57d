/* SPDX-License-Identifier: MIT */
/* Guests: RAM, page tables, the table that is guarded, code, registers. */
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ENTRY_FLAGS 0x63ull /* present, writable, accessed, dirty */
#define OPTIONS (INTRO_OPT_PROT_KM_IDT | INTRO_OPT_PROT_KM_CR4 | INTRO_OPT_PROT_KM_MSR_SYSCALL)

static void write_page_tables(BYTE *ram)
{
    QWORD *level4 = (QWORD *)(void *)(ram + GPA_TABLES);
    QWORD *level3 = level4 + 512, *level2 = level3 + 512, *level1 = level2 + 512;
    level4[511] = (GPA_TABLES + 0x1000) | ENTRY_FLAGS;
    level3[510] = (GPA_TABLES + 0x2000) | ENTRY_FLAGS;
    level2[0] = (GPA_TABLES + 0x3000) | ENTRY_FLAGS;
    for (QWORD frame = 0; frame < RAM_SIZE / 4096; frame++)
        level1[frame] = frame << 12 | ENTRY_FLAGS;
}

struct guest *guest_create(enum glue_kind kind, unsigned vcpu_count, QWORD idt_offset)
{
    static const BYTE mov[] = {0x48, 0x89, 0x37}, push[] = {0xFF, 0x37};
    struct guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL)
        host_fail("out of memory");
    guest->kind = kind;
    guest->vcpu_count = vcpu_count;
    guest->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guest->ram == MAP_FAILED)
        host_fail("out of memory");
    write_page_tables(guest->ram);
    memset(guest->ram + GPA_CODE, 0x90, 4096);
    memcpy(guest->ram + GPA_CODE + CODE_MOV, mov, sizeof mov);
    memcpy(guest->ram + GPA_CODE + CODE_PUSH, push, sizeof push);
    memcpy(guest->ram + GPA_CODE + CODE_DECODED, mov, sizeof mov);
    for (unsigned vcpu = 0; vcpu < vcpu_count; vcpu++)
        guest->regs[vcpu] = (IG_ARCH_REGS){
            .Rip = GLA_KERNEL + GPA_CODE + CODE_MOV, .Rsp = GLA_KERNEL + GPA_DATA + 0x800, .Rdi = GLA_KERNEL + GPA_DATA,
            .Flags = 0x202, .Cr0 = 0x80050033, .Cr3 = GPA_TABLES, .Cr4 = 0x3006E0,
            .IdtBase = GLA_KERNEL + GPA_IDT + idt_offset, .IdtLimit = IDT_LIMIT,
        };
    return guest;
}

void guest_start(struct guest *guest)
{
    INTSTATUS status = INT_STATUS_SUCCESS;
    if (guest->kind != GLUE_ASKED) {
        INTRO_GUEST_CONFIG config = {
            .Size = sizeof config,
            .StoreCompletion = guest->kind == GLUE_PUSHES ? introCompletionData : introCompletionRefetch,
        };
        status = lib.IntConfigureGuest(guest, &config);
        if (status == INT_STATUS_SUCCESS)
            status = lib.IntDeclareGuestMemory(guest, 0, RAM_SIZE, guest->ram);
    }
    if (status == INT_STATUS_SUCCESS)
        status = host_glue.NewGuestNotification(guest, OPTIONS, NULL, 0);
    void *records = NULL;
    DWORD count = 0;
    if (status == INT_STATUS_SUCCESS)
        status = lib.IntGetVcpuRecords(guest, &records, &guest->stride, &count);
    if (status != INT_STATUS_SUCCESS)
        host_fail("the guest is not taken under protection: %s", lib.IntStatusToString(status));
    guest->records = records;
}

void guest_destroy(struct guest *guest)
{
    INTSTATUS status = host_glue.DisableIntro(guest, 0);
    if (status == INT_STATUS_SUCCESS && guest->kind != GLUE_ASKED)
        status = lib.IntRemoveGuestMemory(guest, 0, RAM_SIZE);
    if (status != INT_STATUS_SUCCESS)
        host_fail("the guest is not let go: %s", lib.IntStatusToString(status));
    munmap(guest->ram, RAM_SIZE);
    free(guest);
}
