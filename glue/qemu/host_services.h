/* SPDX-License-Identifier: GPL-2.0-or-later */
/** What the engine may ask of QEMU: the first half of GLUE_IFACE, and UPPER_IFACE. */
#ifndef INTROCORE_QEMU_HOST_SERVICES_H
#define INTROCORE_QEMU_HOST_SERVICES_H

#include "introcore.h"

/** Fills both tables; what QEMU cannot do stays null, and so do the kinds in untrapped (UNTRAPPED_ bits). */
void host_services_fill(GLUE_IFACE *glue, UPPER_IFACE *upper, unsigned untrapped);

/** QueryGuestInfo, in guest_queries.c. */
INTSTATUS query_guest_info(void *guest, DWORD info_class, void *parameter, void *buffer, DWORD length);

/** Measures the processor's time-stamp counter, which an emulated one follows; once, before the first query. */
void guest_queries_prepare(void);

/** The handler that the engine has registered for violations, or null. */
PFUNC_IntEPTViolationCallback host_services_handler(void);

#endif
