/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The regions of QEMU's by which write_guard.c traps; nobody else uses them. */
#ifndef INTROCORE_QEMU_GUARD_WINDOWS_H
#define INTROCORE_QEMU_GUARD_WINDOWS_H

#include "introcore.h"
#include "qemu_types.h"

/** The answer for a stretch of this size without a guarded page is given at once: devices' transfers are cut up less. */
#define GUARD_STRETCH (1ull << 20)

/** See write_guard_register_type, write_guard_install and write_guard_store. */
bool guard_windows_register_type(void);
bool guard_windows_install(void);
void guard_windows_store(QWORD block_offset, const void *data, unsigned size);

/** Asked by the translation, on any thread, by offset in the RAM block: whether the page is guarded, and whether any page of
 *  the stretch is. In write_guard.c. */
bool write_guard_has(QWORD block_offset);
bool write_guard_has_any(QWORD block_offset);

#endif
