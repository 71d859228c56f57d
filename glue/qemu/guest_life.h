/* SPDX-License-Identifier: GPL-2.0-or-later */
/** What happens to the machine as a whole: reset, switching off, restoring of a snapshot. */
#ifndef INTROCORE_QEMU_GUEST_LIFE_H
#define INTROCORE_QEMU_GUEST_LIFE_H

/** Asks QEMU to tell of it. */
void guest_life_prepare(void);

#endif
