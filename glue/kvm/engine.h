/* SPDX-License-Identifier: MIT */
/** The engine's library, loaded at run time, once a process. */
#ifndef INTROKVM_ENGINE_H
#define INTROKVM_ENGINE_H

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
    F(DWORD, IntLibraryVersion, (void))                                                                                   \
    F(const CHAR *, IntStatusToString, (INTSTATUS))

/** The library's functions, and the tables that it was given; its half of the first one it has filled in itself. */
typedef struct Engine {
#define ENGINE_MEMBER(result, name, parameters) result(*name) parameters;
    ENGINE_FUNCTIONS(ENGINE_MEMBER)
#undef ENGINE_MEMBER
    GLUE_IFACE glue;
    UPPER_IFACE upper;
    int is_ready; /* between introkvm_load and introkvm_unload */
} Engine;

extern Engine engine;

#endif
