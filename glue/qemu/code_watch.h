/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Watching instructions: see code_watch.c for how. */
#ifndef INTROCORE_QEMU_CODE_WATCH_H
#define INTROCORE_QEMU_CODE_WATCH_H

#include "qemu_internals.h"

/** Called for each block of code that is translated. */
void code_watch_block(const TranslatedBlock *block);

#endif
