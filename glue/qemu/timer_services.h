/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The engine's timer. */
#ifndef INTROCORE_QEMU_TIMER_SERVICES_H
#define INTROCORE_QEMU_TIMER_SERVICES_H

#include "introcore.h"

/** Fills the members of GLUE_IFACE that are about the timer. */
void timer_services_fill(GLUE_IFACE *glue);

#endif
