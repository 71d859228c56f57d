/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The engine's library, loaded at run time. */
#ifndef INTROCORE_QEMU_ENGINE_H
#define INTROCORE_QEMU_ENGINE_H

#include <stdbool.h>

#include "introcore.h"

/** F(result, name, parameters) for every function of the library that is used. */
#define ENGINE_FUNCTIONS(F)                                                                                               \
    F(void, IntPreinit, (void))                                                                                           \
    F(INTSTATUS, IntInit, (GLUE_IFACE *, UPPER_IFACE *))                                                                  \
    F(INTSTATUS, IntUninit, (void))                                                                                       \
    F(INTSTATUS, IntConfigureGuest, (void *, const INTRO_GUEST_CONFIG *))                                                 \
    F(INTSTATUS, IntDeclareGuestMemory, (void *, QWORD, QWORD, void *))                                                   \
    F(INTSTATUS, IntRemoveGuestMemory, (void *, QWORD, QWORD))                                                            \
    F(INTSTATUS, IntGetVcpuRecords, (void *, void **, DWORD *, DWORD *))                                                  \
    F(INTSTATUS, IntHandleDeviceStore, (void *, QWORD, DWORD, const void *, INTRO_ACTION *))                              \
    F(INTSTATUS, IntGuestReset, (void *))                                                                                 \
    F(INTSTATUS, IntContinueWork, (void *))                                                                               \
    F(DWORD, IntLibraryVersion, (void))                                                                                   \
    F(const CHAR *, IntStatusToString, (INTSTATUS))

/** The library's functions, and the table whose second half it has filled. */
typedef struct Engine {
#define ENGINE_MEMBER(result, name, parameters) result(*name) parameters;
    ENGINE_FUNCTIONS(ENGINE_MEMBER)
#undef ENGINE_MEMBER
    GLUE_IFACE glue;
    UPPER_IFACE upper;
} Engine;

extern Engine engine;

/** Loads the library, finds its functions and initialises it, without the kinds of exits in untrapped (UNTRAPPED_ bits). Says what is wrong and returns false otherwise. */
bool engine_load(const char *path, unsigned untrapped);

#endif
