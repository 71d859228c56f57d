/* SPDX-License-Identifier: MIT */
/* QueryGuestInfo: the registers of the vCPUs, and facts of the guest. */
#include "fake-hypervisor.h"

#include <string.h>

static INTSTATUS read_msr(const struct vcpu *cpu, IG_QUERY_MSR *msr)
{
    switch (msr->MsrId) {
    case 0xC0000080: msr->Value = cpu->efer; return INT_STATUS_SUCCESS;
    case 0xC0000082: msr->Value = RIP_KERNEL(0x800); return INT_STATUS_SUCCESS; /* LSTAR */
    case 0xC0000100: msr->Value = cpu->segments.FsBase; return INT_STATUS_SUCCESS;
    case 0xC0000101: msr->Value = cpu->segments.GsBase; return INT_STATUS_SUCCESS;
    default: msr->Value = 0; return INT_STATUS_SUCCESS;
    }
}

INTSTATUS fake_query(void *handle, DWORD info_class, void *parameter, void *buffer, DWORD length)
{
    struct guest *guest = fake_guest_of(handle, "QueryGuestInfo");
    if (guest == NULL || buffer == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    INTSTATUS status = INT_STATUS_SUCCESS;
    atomic_fetch_add(&guest->counts[COUNT_QUERY], 1);
    if (guest->on_query != NULL && guest->on_query(guest, info_class, buffer, &status))
        return status;

    uintptr_t number = (uintptr_t)parameter;
    if (number == IG_CURRENT_VCPU || info_class == IG_QUERY_INFO_CLASS_CPU_COUNT ||
        info_class == IG_QUERY_INFO_CLASS_CURRENT_TID)
        number = host_current_cpu < guest->cpu_count ? host_current_cpu : 0;
    if (number >= guest->cpu_count) {
        host_error("QueryGuestInfo %u of vCPU %zu", info_class, (size_t)number);
        return INT_STATUS_INVALID_PARAMETER_3;
    }
    struct vcpu *cpu = &guest->cpus[number];

    static const BYTE sizes[] = {sizeof(IG_ARCH_REGS), sizeof(IG_QUERY_MSR), 8, 8, 4, sizeof(IG_ARCH_REGS), 8, 4,
                                 sizeof(IG_ARCH_REGS), 4, 4, sizeof(IG_SEG_REGS), 4, 0, 4, 8, 0, 8};
    if (info_class < sizeof sizes && length < sizes[info_class]) {
        host_error("QueryGuestInfo %u with a buffer of %u bytes", info_class, length);
        return INT_STATUS_DATA_BUFFER_TOO_SMALL;
    }
    switch (info_class) {
    case IG_QUERY_INFO_CLASS_REGISTER_STATE:
        memcpy(buffer, &cpu->regs, sizeof cpu->regs);
        break;
    case IG_QUERY_INFO_CLASS_REGISTER_STATE_GPRS: /* everything but the descriptor tables */
        memset(buffer, 0xEE, sizeof cpu->regs);
        memcpy(buffer, &cpu->regs, offsetof(IG_ARCH_REGS, IdtBase));
        break;
    case IG_QUERY_INFO_CLASS_SET_REGISTERS: {
        QWORD cr3 = cpu->regs.Cr3;
        atomic_fetch_add(&guest->counts[COUNT_SET_REGISTERS], 1);
        memcpy(&cpu->regs, buffer, offsetof(IG_ARCH_REGS, IdtBase));
        cpu->regs.Cr3 = cr3;
        break;
    }
    case IG_QUERY_INFO_CLASS_READ_MSR: return read_msr(cpu, buffer);
    case IG_QUERY_INFO_CLASS_IDT: memcpy(buffer, &cpu->regs.IdtBase, 8); break;
    case IG_QUERY_INFO_CLASS_GDT: memcpy(buffer, &cpu->regs.GdtBase, 8); break;
    case IG_QUERY_INFO_CLASS_CPU_COUNT: *(DWORD *)buffer = guest->cpu_count; break;
    case IG_QUERY_INFO_CLASS_TSC_SPEED: *(QWORD *)buffer = 2000000000; break;
    case IG_QUERY_INFO_CLASS_CURRENT_TID: *(DWORD *)buffer = (DWORD)number; break;
    case IG_QUERY_INFO_CLASS_CS_TYPE: *(DWORD *)buffer = cpu->cs_type; break;
    case IG_QUERY_INFO_CLASS_CS_RING: *(DWORD *)buffer = cpu->cpl; break;
    case IG_QUERY_INFO_CLASS_SEG_REGISTERS: memcpy(buffer, &cpu->segments, sizeof cpu->segments); break;
    case IG_QUERY_INFO_CLASS_MAX_GPFN: *(QWORD *)buffer = GUEST_FRAMES - 1; break;
    case IG_QUERY_INFO_CLASS_GET_XCR0: *(QWORD *)buffer = cpu->xcr0; break;
    default: return INT_STATUS_OPERATION_NOT_SUPPORTED;
    }
    return status;
}
