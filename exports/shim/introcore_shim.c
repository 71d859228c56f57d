/* SPDX-License-Identifier: MIT */
#include "introcore_shim.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

/** A copy that is under way on this thread. */
struct guarded_copy {
    sigjmp_buf escape;
    uintptr_t first;
    uintptr_t last;
};

static __thread struct guarded_copy *volatile current_copy;

static struct sigaction former_segv;
static struct sigaction former_bus;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static int install_error;

/** Passes a signal on to the handler that was there before, as if it had been called by the kernel. */
static void pass_on(const struct sigaction *former, int number, siginfo_t *info, void *context)
{
    if (former->sa_flags & SA_SIGINFO) {
        former->sa_sigaction(number, info, context);
    } else if (former->sa_handler == SIG_DFL) {
        /* The instruction faults again on return, and then takes the default course. */
        sigaction(number, former, NULL);
    } else if (former->sa_handler != SIG_IGN) {
        former->sa_handler(number);
    }
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    struct guarded_copy *copy = current_copy;
    uintptr_t address = (uintptr_t)info->si_addr;

    /* Only a fault of the copy itself, and not a signal that somebody has sent, leads out of it. An address that is not
       canonical raises #GP, of which the kernel does not know the address. */
    if (copy && (info->si_code == SI_KERNEL ||
                 (info->si_code > 0 && address >= copy->first && address <= copy->last)))
        siglongjmp(copy->escape, 1);

    pass_on(number == SIGBUS ? &former_bus : &former_segv, number, info, context);
}

/* Guest addresses need no alignment, and any object may be there. */
typedef uint16_t __attribute__((aligned(1), may_alias)) any16;
typedef uint32_t __attribute__((aligned(1), may_alias)) any32;
typedef uint64_t __attribute__((aligned(1), may_alias)) any64;

size_t introcore_guarded_copy(void *to, const void *from, size_t size)
{
    struct guarded_copy copy;
    volatile size_t done = 0;

    if (size == 0)
        return 0;

    copy.first = (uintptr_t)from;
    copy.last = (uintptr_t)from + size - 1;

    /* The mask is not saved: the handler runs with SA_NODEFER, so that there is nothing to restore. */
    if (sigsetjmp(copy.escape, 0) == 0) {
        current_copy = &copy;
        while (size - done >= sizeof(uint64_t)) {
            uint64_t word;
            memcpy(&word, (const char *)from + done, sizeof word);
            memcpy((char *)to + done, &word, sizeof word);
            done += sizeof word;
        }
        while (done < size) {
            ((char *)to)[done] = ((const volatile char *)from)[done];
            done++;
        }
    }

    current_copy = NULL;
    return done;
}

size_t introcore_guarded_gather(uint64_t *to, const void *const *from, size_t count)
{
    struct guarded_copy copy;
    volatile size_t done = 0;

    /* Whatever faults between here and the end is one of these reads. */
    copy.first = 0;
    copy.last = UINTPTR_MAX;
    if (sigsetjmp(copy.escape, 0) == 0) {
        current_copy = &copy;
        for (size_t i = 0; i < count; i++) {
            to[i] = *(const volatile any64 *)from[i];
            done = i + 1;
        }
    }

    current_copy = NULL;
    return done;
}

size_t introcore_guarded_store(void *to, const void *from, size_t size)
{
    struct guarded_copy copy;
    volatile size_t done = 0;

    if (size == 0)
        return 0;

    copy.first = (uintptr_t)to;
    copy.last = (uintptr_t)to + size - 1;
    if (sigsetjmp(copy.escape, 0) == 0) {
        current_copy = &copy;
        while (size - done >= sizeof(uint64_t)) {
            *(volatile any64 *)((char *)to + done) = *(const any64 *)((const char *)from + done);
            done += sizeof(uint64_t);
        }
        if (size - done >= sizeof(uint32_t)) {
            *(volatile any32 *)((char *)to + done) = *(const any32 *)((const char *)from + done);
            done += sizeof(uint32_t);
        }
        if (size - done >= sizeof(uint16_t)) {
            *(volatile any16 *)((char *)to + done) = *(const any16 *)((const char *)from + done);
            done += sizeof(uint16_t);
        }
        if (done < size) {
            ((volatile char *)to)[done] = ((const char *)from)[done];
            done++;
        }
    }

    current_copy = NULL;
    return done;
}

/* Compares and exchanges an integer type. */
#define EXCHANGE(type)                                                                                                   \
    do {                                                                                                                 \
        type old = *(const type *)expected;                                                                              \
        outcome = __atomic_compare_exchange_n((type *)to, &old, *(const type *)desired, 0, __ATOMIC_SEQ_CST,             \
                                              __ATOMIC_SEQ_CST);                                                         \
    } while (0)

static int exchange16(void *to, const void *expected, const void *desired)
{
    const any64 *old = expected;
    const any64 *next = desired;
    uint64_t low = old[0];
    uint64_t high = old[1];
    unsigned char equal;

    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(equal), "+m"(*(volatile __int128 *)to), "+a"(low), "+d"(high)
                     : "b"(next[0]), "c"(next[1])
                     : "memory");
    return equal;
}

int introcore_guarded_exchange(void *to, const void *expected, const void *desired, size_t size)
{
    struct guarded_copy copy;
    volatile int outcome = -1;

    if (size == 0)
        return -1;

    copy.first = (uintptr_t)to;
    copy.last = (uintptr_t)to + size - 1;
    if (sigsetjmp(copy.escape, 0) == 0) {
        current_copy = &copy;
        switch (size) {
        case 1:
            EXCHANGE(uint8_t);
            break;
        case 2:
            EXCHANGE(any16);
            break;
        case 4:
            EXCHANGE(any32);
            break;
        case 8:
            EXCHANGE(any64);
            break;
        case 16:
            outcome = exchange16(to, expected, desired);
            break;
        default:
            break;
        }
    }

    current_copy = NULL;
    return outcome;
}

void introcore_trace(void *tracePrint, const char *text)
{
    typedef int (*trace_print)(const char *file, unsigned line, const char *format, ...);
    trace_print function;

    memcpy(&function, &tracePrint, sizeof function);
    function(NULL, 0, "%s", text);
}

uint64_t introcore_ticks(void)
{
    return __builtin_ia32_rdtsc();
}

static void install(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSEGV, &action, &former_segv) != 0 || sigaction(SIGBUS, &action, &former_bus) != 0)
        install_error = errno;
}

const INTROCORE_SHIM *introcore_shim_install(int *error)
{
    static const INTROCORE_SHIM shim = {
        introcore_guarded_copy, introcore_trace, introcore_ticks, introcore_guarded_store, introcore_guarded_exchange,
        introcore_guarded_gather,
    };

    pthread_once(&install_once, install);
    *error = install_error;
    return &shim;
}
