/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The life of the protection: from the first user-mode instruction to the end of the machine. */
#ifndef INTROCORE_QEMU_SESSION_H
#define INTROCORE_QEMU_SESSION_H

#include "arguments.h"
#include "introcore.h"
#include "qemu_internals.h"
#include "vcpu.h"

/** Sets what the engine will be given, and asks QEMU to tell of resets and of the end. */
void session_prepare(const Arguments *arguments);

/** Called for each block of code that is translated; starts the protection when the first one of a user process is. */
void session_consider_start(const TranslatedBlock *block);

/** The machine was reset: ends the protection, and waits for the next user process. With the big lock, the vCPUs stopped. */
void session_wait_again(void);

/** The guest's kernel is about to hand over to another one, on this vCPU, whose registers are restored: tells so, and, where that
 *  was asked for, ends the protection and waits for the next user process. With the big lock, outside of the engine. */
void session_kexec(const Vcpu *vcpu);

/** The vCPUs are about to go on in another place than where they stopped, as after a snapshot was restored: the engine is asked
 *  to start over, or started if there is a kernel. With the big lock, the vCPUs stopped. */
void session_resume_elsewhere(void);

/** Ends the protection for good, and takes back the guest's memory, which is gone when the process ends. With the big lock. */
void session_stop(void);

/** Whether the engine performs the stores of instructions that it allows, where it can. */
bool session_engine_stores(void);

/** The handle by which the engine knows the guest. */
void *session_guest(void);

/** Ends the protection, lets go of the engine and prints the statistics. Once; further calls do nothing. */
void session_end(void);

#endif
