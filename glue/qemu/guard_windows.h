/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The regions of QEMU's by which page_guard.c traps; nobody else uses them. */
#ifndef INTROCORE_QEMU_GUARD_WINDOWS_H
#define INTROCORE_QEMU_GUARD_WINDOWS_H

#include "introcore.h"
#include "qemu_types.h"

/** See page_guard_install and page_guard_store. */
bool guard_windows_install(void);
void guard_windows_store(QWORD block_offset, const void *data, unsigned size);

#endif
