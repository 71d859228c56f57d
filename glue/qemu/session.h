/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The life of the protection: from the first user-mode instruction to the end of the machine. */
#ifndef INTROCORE_QEMU_SESSION_H
#define INTROCORE_QEMU_SESSION_H

#include "arguments.h"
#include "introcore.h"
#include "qemu_internals.h"

/** Sets what the engine will be given, and asks QEMU to tell of resets and of the end. */
void session_prepare(const Arguments *arguments);

/** Called for each block of code that is translated; starts the protection when the first one of a user process is. */
void session_consider_start(const TranslatedBlock *block);

/** The handle by which the engine knows the guest. */
void *session_guest(void);

/** Ends the protection, lets go of the engine and prints the statistics. Once; further calls do nothing. */
void session_end(void);

#endif
