/* SPDX-License-Identifier: MIT */
#ifndef INTROKVM_CPUID_H
#define INTROKVM_CPUID_H

#include "vm.h"

/**
 * Bits of a physical address that the vCPU's CPUID reports (leaf 0x80000008); 0: the VMM has not told KVM. Waits while the vCPU is
 * inside KVM_RUN.
 */
QWORD cpuid_physical_address_bits(const Vcpu *vcpu);

#endif
