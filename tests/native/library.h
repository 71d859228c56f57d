/* SPDX-License-Identifier: MIT */
/**
 * library.h - the library under test, loaded at run time: every function of introcore.h as a typed pointer.
 */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <stdbool.h>

#include "introcore.h"

/** Every function that introcore.h declares, in its order. */
#define LIBRARY_EXPORTS(X)                                                                                               \
    X(IntPreinit)                                                                                                        \
    X(IntInit)                                                                                                           \
    X(IntUninit)                                                                                                         \
    X(IntCheckCompatibility)                                                                                             \
    X(IntHandleEptViolation)                                                                                             \
    X(IntHandleMsrViolation)                                                                                             \
    X(IntHandleCrWrite)                                                                                                  \
    X(IntHandleXcrWrite)                                                                                                 \
    X(IntHandleDtrViolation)                                                                                             \
    X(IntHandleBreakpoint)                                                                                               \
    X(IntHandleEventInjection)                                                                                           \
    X(IntHandleIntroCall)                                                                                                \
    X(IntHandleTimer)                                                                                                    \
    X(IntConfigureGuest)                                                                                                 \
    X(IntDeclareGuestMemory)                                                                                             \
    X(IntRemoveGuestMemory)                                                                                              \
    X(IntFlushGuestMemory)                                                                                               \
    X(IntTranslateLinear)                                                                                                \
    X(IntGetVcpuRecords)                                                                                                 \
    X(IntHandleDeviceStore)                                                                                              \
    X(IntGuestReset)                                                                                                     \
    X(IntQueryGuest)                                                                                                     \
    X(IntContinueWork)                                                                                                   \
    X(IntEmergencyStop)                                                                                                  \
    X(IntLibraryVersion)                                                                                                 \
    X(IntStatusToString)

/** The functions of one loaded library. */
struct library {
    void *handle;
#define LIBRARY_MEMBER(name) __typeof__(name) *name;
    LIBRARY_EXPORTS(LIBRARY_MEMBER)
#undef LIBRARY_MEMBER
};

/** Loads a library and finds its functions. On failure *missing is the loader's message; on success it is NULL, or the name of
 *  the first function that the library does not have, whose pointer is then null. */
bool library_open(struct library *library, const char *path, const char **missing);

#endif /* LIBRARY_H */
