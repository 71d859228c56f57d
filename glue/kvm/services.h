/* SPDX-License-Identifier: MIT */
/** What the engine may ask of this glue: the first half of GLUE_IFACE, and UPPER_IFACE. The guest's handle is its IntroKvm. */
#ifndef INTROKVM_SERVICES_H
#define INTROKVM_SERVICES_H

#include "introcore.h"

/** Fills both tables; what KVM cannot do stays null. */
void services_fill(GLUE_IFACE *glue, UPPER_IFACE *upper);

/** QueryGuestInfo, in queries.c. */
INTSTATUS query_guest_info(void *guest, DWORD info_class, void *parameter, void *buffer, DWORD length);

#endif
