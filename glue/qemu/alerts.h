/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The engine's alerts as lines of the log. */
#ifndef INTROCORE_QEMU_ALERTS_H
#define INTROCORE_QEMU_ALERTS_H

#include "introcore.h"

/** NotifyIntrospectionAlert. */
INTSTATUS notify_alert(void *guest, DWORD event_class, void *parameters, size_t size);

/** The name of an action. */
const char *alert_action_name(INTRO_ACTION action);

/** One line each, in register_alerts.c. */
void alert_show_cr(const EVENT_CR_VIOLATION *event);
void alert_show_msr(const EVENT_MSR_VIOLATION *event);
void alert_show_dtr(const EVENT_DTR_VIOLATION *event);

#endif
