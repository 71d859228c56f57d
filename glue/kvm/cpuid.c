// SPDX-License-Identifier: MIT
// What a vCPU has been told to be.

#include "cpuid.h"

#include <stdlib.h>
#include <sys/ioctl.h>

#define ENTRIES 256 /* KVM_MAX_CPUID_ENTRIES */
#define LEAF_ADDRESS_SIZES 0x80000008u

QWORD cpuid_physical_address_bits(const Vcpu *vcpu)
{
    struct kvm_cpuid2 *list = calloc(1, sizeof *list + ENTRIES * sizeof *list->entries);
    QWORD bits = 0;

    if (!list)
        return 0;
    list->nent = ENTRIES;
    if (ioctl(vcpu->fd, KVM_GET_CPUID2, list) == 0)
        for (__u32 i = 0; i < list->nent && i < ENTRIES; i++)
            if (list->entries[i].function == LEAF_ADDRESS_SIZES)
                bits = list->entries[i].eax & 0xff;
    free(list);
    return bits >= 32 && bits <= 52 ? bits : 0;
}
