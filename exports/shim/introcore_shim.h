/* SPDX-License-Identifier: MIT */
/** The little of the library that must be C. Hidden: linked into libintrocore, not exported by it. */
#ifndef INTROCORE_SHIM_H
#define INTROCORE_SHIM_H

#include <stddef.h>
#include <stdint.h>

/** The functions below, as Engine.Hosting.NativeShim lays them out. */
typedef struct _INTROCORE_SHIM {
    size_t (*GuardedCopy)(void *to, const void *from, size_t size);
    void (*Trace)(void *tracePrint, const char *text);
    uint64_t (*Ticks)(void);
    size_t (*GuardedStore)(void *to, const void *from, size_t size);
    int (*GuardedExchange)(void *to, const void *expected, const void *desired, size_t size);
    size_t (*GuardedGather)(uint64_t *to, const void *const *from, size_t count);
} INTROCORE_SHIM;

/**
 * Copies size bytes, from the first on, each read once. Returns how many were copied: fewer when reading one of them raised
 * SIGSEGV or SIGBUS. Any thread; no lock, no allocation. Needs introcore_shim_install().
 */
size_t introcore_guarded_copy(void *to, const void *from, size_t size);

/**
 * Reads count words of 8 bytes, each from an address of its own and with one load. Returns how many were read: fewer when reading one
 * of them raised SIGSEGV or SIGBUS. Otherwise as introcore_guarded_copy().
 */
size_t introcore_guarded_gather(uint64_t *to, const void *const *from, size_t count);

/**
 * Stores size bytes, from the first on; 1, 2, 4 and 8 bytes with one store. Returns how many were stored: fewer when one raised
 * SIGSEGV or SIGBUS. Otherwise as introcore_guarded_copy().
 */
size_t introcore_guarded_store(void *to, const void *from, size_t size);

/**
 * Replaces 1, 2, 4, 8 or 16 bytes by others if they are the expected ones, in one atomic step; 16 bytes must be aligned, and no
 * other may lie across two cache lines. 1: done; 0: the bytes differ; -1: SIGSEGV, SIGBUS, or another size.
 */
int introcore_guarded_exchange(void *to, const void *expected, const void *desired, size_t size);

/** Calls a PFUNC_IntTracePrint, which is variadic, with a text. */
void introcore_trace(void *tracePrint, const char *text);

/** The processor's time-stamp counter. */
uint64_t introcore_ticks(void);

/**
 * Installs the handlers of SIGSEGV and SIGBUS in front of those that are there, to which they pass on every signal that does
 * not come from a guarded copy. To be called after the managed runtime has installed its own. Once a process; more calls do
 * nothing. Returns the table of the functions; 0 in *error, or the errno of sigaction.
 */
const INTROCORE_SHIM *introcore_shim_install(int *error);

#endif
