// SPDX-License-Identifier: GPL-2.0-or-later
// Model-specific registers: those that QEMU keeps in a member of its own of the CPU object.

#include "vcpu.h"
#include "vcpu_fields.h"

#define MSR_FS_BASE 0xC0000100u
#define MSR_GS_BASE 0xC0000101u

typedef struct MsrField {
    DWORD msr;
    VcpuField field;
    bool is_plain; /* writing it does nothing but store the value */
} MsrField;

static const MsrField fields[] = {
    {0x174, FIELD_SYSENTER_CS, true},
    {0x175, FIELD_SYSENTER_ESP, true},
    {0x176, FIELD_SYSENTER_EIP, true},
    {0x277, FIELD_PAT, true},
    {0xC0000080, FIELD_EFER, false}, /* changes the mode of the vCPU */
    {0xC0000081, FIELD_STAR, true},
    {0xC0000082, FIELD_LSTAR, true},
    {0xC0000083, FIELD_CSTAR, true},
    {0xC0000084, FIELD_FMASK, true},
    {0xC0000102, FIELD_KERNEL_GS_BASE, true},
    {0xC0000103, FIELD_TSC_AUX, true},
};

static const MsrField *find(DWORD msr)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].msr == msr)
            return &fields[i];
    return NULL;
}

bool vcpu_knows_msr(DWORD msr)
{
    return find(msr) || msr == MSR_FS_BASE || msr == MSR_GS_BASE;
}

bool vcpu_read_msr(const Vcpu *vcpu, DWORD msr, QWORD *value)
{
    const MsrField *found = find(msr);

    if (found)
        *value = vcpu_field_read(vcpu->cpu, found->field);
    else if (msr == MSR_FS_BASE)
        *value = vcpu->state->segments[QEMU_FS].base;
    else if (msr == MSR_GS_BASE)
        *value = vcpu->state->segments[QEMU_GS].base;
    else
        return false;
    return true;
}

bool vcpu_write_msr(Vcpu *vcpu, DWORD msr, QWORD value)
{
    const MsrField *found = find(msr);

    if (!found || !found->is_plain)
        return false;
    vcpu_field_write(vcpu->cpu, found->field, value);
    return true;
}
