/* SPDX-License-Identifier: MIT */
/** The KVM slots of a region. All with the lock of Memory. */
#ifndef INTROKVM_SLOTS_H
#define INTROKVM_SLOTS_H

#include "memory.h"

/** Makes a region's slots as its bits are; all vCPUs are outside, or the region is new, with one slot to make. On failure a region
 *  that was there is lost, see Memory. */
INTSTATUS slots_update(IntroKvm *vm, Region *region);

/** Deletes them. */
void slots_delete(IntroKvm *vm, Region *region);

/**
 * Makes KVM forget what it has kept of the guest's page tables (its shadow pages), for all vCPUs before they enter the guest again.
 * KVM does not see bytes that are written into a page table from outside: not even INVLPG or a load of CR3 would make it look again.
 */
void slots_forget_translations(IntroKvm *vm);

/** How many more slots it takes, or fewer, if the bit of a page is turned. */
int slots_difference(const Region *region, QWORD frame);

#endif
