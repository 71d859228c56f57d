// SPDX-License-Identifier: MIT
// Answers to QueryGuestInfo.

#include <string.h>
#include <sys/ioctl.h>

#include "registers.h"
#include "services.h"
#include "vm.h"

/** The vCPU that a query is about. */
static Vcpu *chosen_vcpu(IntroKvm *vm, const void *parameter)
{
    DWORD index = (DWORD)(uintptr_t)parameter;
    Vcpu *vcpu = index == IG_CURRENT_VCPU ? vcpu_current() : vcpu_get(vm, index);

    return vcpu && vcpu->vm == vm ? vcpu : NULL;
}

/** Stores an answer that begins with its buffer's size in bytes. */
static INTSTATUS answer(void *buffer, DWORD length, const void *value, DWORD size)
{
    if (length < size)
        return INT_STATUS_DATA_BUFFER_TOO_SMALL;
    memcpy(buffer, value, size);
    return INT_STATUS_SUCCESS;
}

static INTSTATUS answer_dword(void *buffer, DWORD length, DWORD value)
{
    return answer(buffer, length, &value, sizeof value);
}

static INTSTATUS answer_qword(void *buffer, DWORD length, QWORD value)
{
    return answer(buffer, length, &value, sizeof value);
}

/* ---- one vCPU, which is outside ------------------------------------------------------------------------------------- */

static INTSTATUS read_registers(Vcpu *vcpu, DWORD info_class, void *buffer, DWORD length)
{
    struct kvm_regs registers;
    struct kvm_sregs special;
    struct kvm_debugregs debug;
    IG_ARCH_REGS values;
    IG_SEG_REGS segment_values;
    VCPU_SEGMENT segments[6];
    QWORD *value = &segment_values.CsBase; // base, limit, selector and attributes of each, in the same order

    if (!registers_read(vcpu, &registers, &special))
        return INT_STATUS_UNSUCCESSFUL;
    switch (info_class) {
    case IG_QUERY_INFO_CLASS_CS_TYPE:
        return answer_dword(buffer, length, registers_cs_type(&special));
    case IG_QUERY_INFO_CLASS_CS_RING:
        return answer_dword(buffer, length, special.ss.dpl);
    case IG_QUERY_INFO_CLASS_IDT:
        return answer_qword(buffer, length, special.idt.base);
    case IG_QUERY_INFO_CLASS_GDT:
        return answer_qword(buffer, length, special.gdt.base);
    case IG_QUERY_INFO_CLASS_SEG_REGISTERS:
        registers_convert_segments(&special, segments);
        for (int i = 0; i < 6; i++) {
            *value++ = segments[i].Base;
            *value++ = segments[i].Limit;
            *value++ = segments[i].Selector;
            *value++ = segments[i].Attributes;
        }
        return answer(buffer, length, &segment_values, sizeof segment_values);
    default:
        registers_convert(&registers, &special, &values);
        if (ioctl(vcpu->fd, KVM_GET_DEBUGREGS, &debug) != 0)
            return INT_STATUS_UNSUCCESSFUL;
        values.Dr7 = debug.dr7;
        return answer(buffer, length, &values, sizeof values);
    }
}

static INTSTATUS read_msr(const Vcpu *vcpu, IG_QUERY_MSR *query)
{
    return registers_read_msr(vcpu, query->MsrId, &query->Value) ? INT_STATUS_SUCCESS : INT_STATUS_NOT_SUPPORTED;
}

static INTSTATUS read_xcr0(Vcpu *vcpu, void *buffer, DWORD length)
{
    struct kvm_xcrs xcrs;

    if (ioctl(vcpu->fd, KVM_GET_XCRS, &xcrs) != 0)
        return INT_STATUS_NOT_SUPPORTED;
    for (DWORD i = 0; i < xcrs.nr_xcrs && i < KVM_MAX_XCRS; i++)
        if (xcrs.xcrs[i].xcr == 0)
            return answer_qword(buffer, length, xcrs.xcrs[i].value);
    return INT_STATUS_NOT_FOUND;
}

/** The size that XSAVE_SIZE tells is the least that the buffer has. */
static INTSTATUS move_xsave(Vcpu *vcpu, void *buffer, DWORD length, bool set)
{
    bool is_large = vcpu->vm->xsave_size > sizeof(struct kvm_xsave);

    if (length < vcpu->vm->xsave_size)
        return INT_STATUS_DATA_BUFFER_TOO_SMALL;
    return ioctl(vcpu->fd, set ? KVM_SET_XSAVE : is_large ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, buffer) == 0
        ? INT_STATUS_SUCCESS : INT_STATUS_UNSUCCESSFUL;
}

/**
 * General-purpose registers, flags and RIP. In the vCPU's own exit they take effect when the handler has returned. RIP counts as
 * changed only where it is another one: KVM may still have something to complete that moves it.
 */
static INTSTATUS set_registers(Vcpu *vcpu, const IG_ARCH_REGS *values)
{
    QWORD mask = VCPU_REG_GPRS | VCPU_REG_FLAGS;
    struct kvm_regs registers;

    if (vcpu->is_in_exit && vcpu == vcpu_current()) {
        if (values->Rip != vcpu->run->s.regs.regs.rip)
            mask |= VCPU_REG_RIP;
        registers_apply(vcpu, values, 0, mask);
        return INT_STATUS_SUCCESS;
    }
    // What the VMM, or an exit, is completing for the vCPU would be mixed with this.
    if (!atomic_load(&vcpu->presence.is_settled))
        return INT_STATUS_INVALID_OPERATION_STATE;
    if (ioctl(vcpu->fd, KVM_GET_REGS, &registers) != 0)
        return INT_STATUS_UNSUCCESSFUL;
    registers_convert_back(values, mask | VCPU_REG_RIP, &registers);
    return ioctl(vcpu->fd, KVM_SET_REGS, &registers) == 0 ? INT_STATUS_SUCCESS : INT_STATUS_UNSUCCESSFUL;
}

static INTSTATUS query_vcpu(Vcpu *vcpu, DWORD info_class, void *buffer, DWORD length)
{
    switch (info_class) {
    case IG_QUERY_INFO_CLASS_READ_MSR:
        return length < sizeof(IG_QUERY_MSR) ? INT_STATUS_DATA_BUFFER_TOO_SMALL : read_msr(vcpu, buffer);
    case IG_QUERY_INFO_CLASS_SET_REGISTERS:
        return length < sizeof(IG_ARCH_REGS) ? INT_STATUS_DATA_BUFFER_TOO_SMALL : set_registers(vcpu, buffer);
    case IG_QUERY_INFO_CLASS_GET_XCR0:
        return read_xcr0(vcpu, buffer, length);
    case IG_QUERY_INFO_CLASS_XSAVE_AREA:
    case IG_QUERY_INFO_CLASS_SET_XSAVE_AREA:
        return move_xsave(vcpu, buffer, length, info_class == IG_QUERY_INFO_CLASS_SET_XSAVE_AREA);
    case IG_QUERY_INFO_CLASS_REGISTER_STATE:
    case IG_QUERY_INFO_CLASS_REGISTER_STATE_GPRS:
    case IG_QUERY_INFO_CLASS_CS_TYPE:
    case IG_QUERY_INFO_CLASS_CS_RING:
    case IG_QUERY_INFO_CLASS_IDT:
    case IG_QUERY_INFO_CLASS_GDT:
    case IG_QUERY_INFO_CLASS_SEG_REGISTERS:
        return read_registers(vcpu, info_class, buffer, length);
    default:
        return INT_STATUS_OPERATION_NOT_SUPPORTED;
    }
}

static INTSTATUS read_tsc_speed(IntroKvm *vm, void *buffer, DWORD length)
{
    int kilohertz = vm->vcpu_count ? ioctl(vm->vcpus[0]->fd, KVM_GET_TSC_KHZ, 0) : -1;

    return kilohertz > 0 ? answer_qword(buffer, length, (QWORD)kilohertz * 1000) : INT_STATUS_NOT_SUPPORTED;
}

INTSTATUS query_guest_info(void *guest, DWORD info_class, void *parameter, void *buffer, DWORD length)
{
    IntroKvm *vm = guest;
    Vcpu *vcpu = vcpu_current();
    const BOOLEAN no = FALSE;
    INTSTATUS status;

    if (!buffer)
        return INT_STATUS_INVALID_PARAMETER_4;
    switch (info_class) {
    case IG_QUERY_INFO_CLASS_CPU_COUNT:
        return answer_dword(buffer, length, vm->vcpu_count);
    case IG_QUERY_INFO_CLASS_CURRENT_TID:
        // A thread that is no vCPU's stands for the first one: the engine wants an answer in any case.
        return answer_dword(buffer, length, vcpu && vcpu->vm == vm ? vcpu->index : 0);
    case IG_QUERY_INFO_CLASS_MAX_GPFN:
        return answer_qword(buffer, length, memory_end(vm) - 1);
    case IG_QUERY_INFO_CLASS_TSC_SPEED:
        return read_tsc_speed(vm, buffer, length);
    case IG_QUERY_INFO_CLASS_XSAVE_SIZE:
        return answer_dword(buffer, length, vm->xsave_size);
    case IG_QUERY_INFO_CLASS_VE_SUPPORT:
    case IG_QUERY_INFO_CLASS_VMFUNC_SUPPORT:
    case IG_QUERY_INFO_CLASS_SPP_SUPPORT:
    case IG_QUERY_INFO_CLASS_DTR_SUPPORT:
        return answer(buffer, length, &no, sizeof no);
    case IG_QUERY_INFO_CLASS_EPTP_INDEX:
        return INT_STATUS_OPERATION_NOT_SUPPORTED;
    default:
        vcpu = chosen_vcpu(vm, parameter);
        if (!vcpu)
            return INT_STATUS_INVALID_PARAMETER_3;
        if (vcpu == vcpu_current())
            return query_vcpu(vcpu, info_class, buffer, length);
        // KVM answers about a vCPU that is in the guest only when it comes out.
        gate_close(vm);
        status = query_vcpu(vcpu, info_class, buffer, length);
        gate_open(vm);
        return status;
    }
}
