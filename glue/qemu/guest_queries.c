// SPDX-License-Identifier: GPL-2.0-or-later
// Answers to QueryGuestInfo.

#include <stddef.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#include "event_log.h"
#include "guest_memory.h"
#include "host_services.h"
#include "register_services.h"
#include "vcpu.h"

#define CALIBRATION_NANOSECONDS 2000000

static QWORD ticks_a_second;

void guest_queries_prepare(void)
{
    struct timespec pause = {.tv_nsec = CALIBRATION_NANOSECONDS};
    uint64_t nanoseconds = clock_nanoseconds(), ticks = __rdtsc();

    nanosleep(&pause, NULL);
    ticks = __rdtsc() - ticks;
    nanoseconds = clock_nanoseconds() - nanoseconds;
    ticks_a_second = (QWORD)((double)ticks * 1e9 / (double)nanoseconds);
}

/** The vCPU that a query is about. */
static Vcpu *chosen_vcpu(const void *parameter)
{
    DWORD index = (DWORD)(uintptr_t)parameter;

    return index == IG_CURRENT_VCPU ? vcpu_current() : vcpu_get(index);
}

static INTSTATUS read_msr(const Vcpu *vcpu, IG_QUERY_MSR *query)
{
    return vcpu_read_msr(vcpu, query->MsrId, &query->Value) ? INT_STATUS_SUCCESS : INT_STATUS_NOT_SUPPORTED;
}

static void read_segments(const Vcpu *vcpu, IG_SEG_REGS *answer)
{
    VCPU_SEGMENT segments[6];
    QWORD *values = &answer->CsBase; // base, limit, selector and attributes of each, in the same order

    vcpu_read_segments(vcpu, segments);
    for (int i = 0; i < 6; i++) {
        *values++ = segments[i].Base;
        *values++ = segments[i].Limit;
        *values++ = segments[i].Selector;
        *values++ = segments[i].Attributes;
    }
}

/**
 * Within an exit the values are set once the handler has returned, as those of DirtyMask are: see store_exit.c. RIP counts as
 * changed only where it is another one. A vCPU that is not in an exit may be running, and then its registers are not its own.
 */
static INTSTATUS set_registers(Vcpu *vcpu, const IG_ARCH_REGS *registers)
{
    IG_ARCH_REGS *kept = &vcpu->record->Regs;

    if (!vcpu->is_in_exit)
        return INT_STATUS_INVALID_OPERATION_STATE;
    vcpu->set_registers |= VCPU_REG_GPRS | VCPU_REG_FLAGS;
    if (registers->Rip != vcpu->state->rip)
        vcpu->set_registers |= VCPU_REG_RIP;
    memmove(kept, registers, offsetof(IG_ARCH_REGS, Cr2));
    kept->Flags = registers->Flags;
    kept->Rip = registers->Rip;
    return INT_STATUS_SUCCESS;
}

/** Classes that are about one vCPU. */
static INTSTATUS query_vcpu(Vcpu *vcpu, DWORD info_class, void *buffer, DWORD length)
{
    IG_ARCH_REGS *registers = buffer;

    switch (info_class) {
    case IG_QUERY_INFO_CLASS_REGISTER_STATE:
    case IG_QUERY_INFO_CLASS_REGISTER_STATE_GPRS:
        if (length < sizeof *registers)
            return INT_STATUS_DATA_BUFFER_TOO_SMALL;
        vcpu_read_registers(vcpu, registers);
        registers->Dr7 = vcpu_read_dr7(vcpu);
        if (info_class == IG_QUERY_INFO_CLASS_REGISTER_STATE)
            vcpu_read_tables(vcpu, registers);
        return INT_STATUS_SUCCESS;
    case IG_QUERY_INFO_CLASS_SET_REGISTERS:
        return length < sizeof *registers ? INT_STATUS_DATA_BUFFER_TOO_SMALL : set_registers(vcpu, registers);
    case IG_QUERY_INFO_CLASS_READ_MSR:
        return length < sizeof(IG_QUERY_MSR) ? INT_STATUS_DATA_BUFFER_TOO_SMALL : read_msr(vcpu, buffer);
    case IG_QUERY_INFO_CLASS_SEG_REGISTERS:
        if (length < sizeof(IG_SEG_REGS))
            return INT_STATUS_DATA_BUFFER_TOO_SMALL;
        read_segments(vcpu, buffer);
        return INT_STATUS_SUCCESS;
    case IG_QUERY_INFO_CLASS_GET_XCR0:
        if (length < sizeof(QWORD))
            return INT_STATUS_DATA_BUFFER_TOO_SMALL;
        *(QWORD *)buffer = vcpu_read_xcr0(vcpu);
        return INT_STATUS_SUCCESS;
    case IG_QUERY_INFO_CLASS_CS_TYPE:
    case IG_QUERY_INFO_CLASS_CS_RING:
        if (length < sizeof(DWORD))
            return INT_STATUS_DATA_BUFFER_TOO_SMALL;
        *(DWORD *)buffer = info_class == IG_QUERY_INFO_CLASS_CS_TYPE ? vcpu_cs_type(vcpu) : vcpu_cpl(vcpu);
        return INT_STATUS_SUCCESS;
    default:
        return INT_STATUS_OPERATION_NOT_SUPPORTED;
    }
}

/** Stores a number of the size that the class has. */
static INTSTATUS answer_number(void *buffer, DWORD length, QWORD value, DWORD size)
{
    if (length < size)
        return INT_STATUS_DATA_BUFFER_TOO_SMALL;
    memcpy(buffer, &value, size);
    return INT_STATUS_SUCCESS;
}

INTSTATUS query_guest_info(void *guest, DWORD info_class, void *parameter, void *buffer, DWORD length)
{
    Vcpu *vcpu;

    (void)guest;
    if (!buffer)
        return INT_STATUS_INVALID_PARAMETER_4;
    switch (info_class) {
    case IG_QUERY_INFO_CLASS_CPU_COUNT:
        return answer_number(buffer, length, vcpu_count(), sizeof(DWORD));
    case IG_QUERY_INFO_CLASS_CURRENT_TID:
        // A thread that is no vCPU's stands for the first one: the engine wants an answer in any case.
        vcpu = vcpu_current();
        return answer_number(buffer, length, vcpu ? vcpu->index : 0, sizeof(DWORD));
    case IG_QUERY_INFO_CLASS_MAX_GPFN:
        return answer_number(buffer, length, guest_memory_last_page(), sizeof(QWORD));
    case IG_QUERY_INFO_CLASS_TSC_SPEED:
        return answer_number(buffer, length, ticks_a_second, sizeof(QWORD));
    case IG_QUERY_INFO_CLASS_VE_SUPPORT:
    case IG_QUERY_INFO_CLASS_VMFUNC_SUPPORT:
    case IG_QUERY_INFO_CLASS_SPP_SUPPORT:
        return answer_number(buffer, length, FALSE, sizeof(BOOLEAN));
    case IG_QUERY_INFO_CLASS_DTR_SUPPORT:
        return answer_number(buffer, length, register_services_has_dtr(), sizeof(BOOLEAN));
    case IG_QUERY_INFO_CLASS_EPTP_INDEX:
        return INT_STATUS_OPERATION_NOT_SUPPORTED;
    default:
        vcpu = chosen_vcpu(parameter);
        return vcpu ? query_vcpu(vcpu, info_class, buffer, length) : INT_STATUS_INVALID_PARAMETER_3;
    }
}
