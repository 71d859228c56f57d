/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Measures how long guarding many pages takes. */
#ifndef INTROCORE_QEMU_GUARD_TEST_H
#define INTROCORE_QEMU_GUARD_TEST_H

#include "introcore.h"

/** Guards that many pages, scattered over the RAM, and releases them again; logs both times. With all vCPUs stopped, before the
 *  engine has guarded anything. */
void guard_test_run(QWORD pages);

#endif
