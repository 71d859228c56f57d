// SPDX-License-Identifier: GPL-2.0-or-later
// The life of the protection.

#include "session.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "engine.h"
#include "event_log.h"
#include "guard_test.h"
#include "guest_life.h"
#include "guest_memory.h"
#include "periodic.h"
#include "statistics.h"
#include "vcpu.h"
#include "page_guard.h"

#define CR0_PG (1ull << 31)
#define USER_MODE 3u
#define MAX_ATTEMPTS 100 /* to end something that is in use */
#define WORK_PERIOD 25000000 /* nanoseconds between two slices of what the engine has left to do */
#define STRESS_PERIOD 20000000 /* nanoseconds between two restarts */
#define KERNEL_LIFE_MIN 1000000000ull /* nanoseconds; no kernel hands over to another one sooner */
#define KERNEL_START_MAX 30000000000 /* nanoseconds that a kernel may take to its first user process without a complaint */

enum SessionState {
    SESSION_WAITING,   /* for code of a user process */
    SESSION_SCHEDULED, /* the vCPUs are being stopped */
    SESSION_ACTIVE,
    SESSION_OVER
};

static struct {
    _Atomic enum SessionState state;
    bool is_wanted; /* start=user */
    Arguments arguments;
    QWORD first_rip;
    bool is_memory_declared; /* and the guard in place: both survive a reset of the machine */
    QWORD restarts_left;     /* of the argument stress */
    uint64_t last_kexec;     /* when it was told of one */
} session;

void *session_guest(void)
{
    return &session;
}

bool session_engine_stores(void)
{
    return session.arguments.engine_stores;
}

/** Tells a failed call of the engine. */
static bool succeeded(const char *what, INTSTATUS status)
{
    if (INT_SUCCESS(status))
        return true;
    log_error("%s failed: %s; the guest is not protected", what, engine.IntStatusToString(status));
    return false;
}

/* ---- start -------------------------------------------------------------------------------------------------------- */

/** All that the plug-in has assumed about this QEMU's insides holds, or the machine does not go on. */
static void check_or_exit(void)
{
    bool is_right = true;

    if (*qemu.use_icount) {
        log_error("-icount is not supported: finding the instruction of a store would spoil the count");
        is_right = false;
    }
    for (DWORD i = 0; i < vcpu_count() && is_right; i++)
        is_right = vcpu_get(i) && vcpu_verify(vcpu_get(i));
    if (is_right && !session.is_memory_declared)
        is_right = guest_memory_find() && page_guard_install();
    if (!is_right)
        exit(EXIT_FAILURE);
}

static bool declare_memory(void)
{
    if (session.is_memory_declared)
        return true;
    for (int i = 0; i < RANGE_COUNT; i++) {
        const GuestRange *range = &guest_memory.ranges[i];

        if (range->size &&
            !succeeded("IntDeclareGuestMemory", engine.IntDeclareGuestMemory(&session, range->gpa, range->size, range->host)))
            return false;
    }
    session.is_memory_declared = true;
    return true;
}

/** Gives each vCPU its record of the engine's. */
static bool take_records(void)
{
    void *base;
    DWORD stride, count;

    if (!succeeded("IntGetVcpuRecords", engine.IntGetVcpuRecords(&session, &base, &stride, &count)))
        return false;
    if (count < vcpu_count() || stride < sizeof(VCPU_STATE)) {
        log_error("the engine has %u records of %u bytes; %u of %zu are needed", count, stride, vcpu_count(), sizeof(VCPU_STATE));
        return false;
    }
    for (DWORD i = 0; i < vcpu_count(); i++)
        vcpu_get(i)->record = (VCPU_STATE *)((char *)base + (size_t)i * stride);
    return true;
}

static void stop_protection(void);
static void restart(void);

static void continue_work(void);

/** What the engine has left to do, until nothing is. */
static Periodic work = {.period = WORK_PERIOD, .work = continue_work};

static void continue_work(void)
{
    if (engine.IntContinueWork(&session) != INT_STATUS_SUCCESS)
        periodic_stop(&work);
}

static Periodic stress = {.period = STRESS_PERIOD, .work = restart};

/** Gives the guest to the engine. Everything is checked and declared. */
static bool notify_engine(void)
{
    const INTRO_GUEST_CONFIG config = {.Size = sizeof config,
                                       .Flags = INTRO_GUEST_APPLIES_DIRTY_MASK | INTRO_GUEST_NO_PAGE_TABLES,
                                       .StoreCompletion = session.arguments.engine_stores ? introCompletionRefetch
                                                                                          : introCompletionData,
                                       .Guards = session.arguments.guards};

    if (!succeeded("IntConfigureGuest", engine.IntConfigureGuest(&session, &config)) ||
        !succeeded("NewGuestNotification", engine.glue.NewGuestNotification(&session, session.arguments.options, NULL, 0))) {
        atomic_store(&session.state, SESSION_OVER);
        return false;
    }
    atomic_store(&session.state, SESSION_ACTIVE);
    if (take_records()) {
        periodic_start(&work);
        return true;
    }
    stop_protection();
    return false;
}

static void start_protection(void)
{
    check_or_exit();
    log_event("guest", "vcpus=%u memory=%" PRIu64 "MiB rip=0x%" PRIx64, vcpu_count(), guest_memory.size >> 20,
              session.first_rip);
    if (!declare_memory()) {
        atomic_store(&session.state, SESSION_OVER);
        return;
    }
    if (session.arguments.guard_test)
        guard_test_run(session.arguments.guard_test);
    if (notify_engine() && session.restarts_left)
        periodic_start(&stress);
}

/** Runs with every vCPU stopped. */
static void start_in_exclusive_section(CPUState *cpu, CpuWorkArgument argument)
{
    bool taken = qemu_big_lock_acquire();

    (void)cpu;
    (void)argument;
    if (atomic_load(&session.state) == SESSION_SCHEDULED)
        start_protection();
    qemu_big_lock_release(taken);
}

void session_consider_start(const TranslatedBlock *block)
{
    enum SessionState expected = SESSION_WAITING;
    const Vcpu *vcpu;

    if (atomic_load_explicit(&session.state, memory_order_relaxed) != SESSION_WAITING)
        return;
    vcpu = vcpu_current();
    if (!vcpu || vcpu_cpl(vcpu) != USER_MODE || !(vcpu->state->cr[0] & CR0_PG) ||
        !atomic_compare_exchange_strong(&session.state, &expected, SESSION_SCHEDULED))
        return;
    session.first_rip = qemu.qemu_plugin_tb_vaddr(block);
    qemu.async_safe_run_on_cpu(vcpu->cpu, start_in_exclusive_section, (CpuWorkArgument){.host_ptr = NULL});
}

/* ---- starting over ------------------------------------------------------------------------------------------------- */

/** One of the restarts of the argument stress. */
static void restart(void)
{
    if (atomic_load(&session.state) != SESSION_ACTIVE || !session.restarts_left) {
        periodic_stop(&stress);
        return;
    }
    session.restarts_left--;
    stop_protection();
    statistics_restart();
    notify_engine();
}

/** Asks the engine to start over. */
static void reset_guest(void)
{
    INTSTATUS status = INT_STATUS_CANNOT_UNLOAD;

    for (int i = 0; i < MAX_ATTEMPTS && status == INT_STATUS_CANNOT_UNLOAD; i++)
        status = engine.IntGuestReset(&session);
    statistics_restart();
    if (!succeeded("IntGuestReset", status) || !take_records())
        stop_protection();
    else
        periodic_start(&work);
}

void session_resume_elsewhere(void)
{
    enum SessionState expected = SESSION_WAITING;
    const Vcpu *vcpu;

    // The machine may be about to run for the first time; then QEMU tells of its vCPUs only as their threads begin.
    for (int i = 0; qemu.qemu_get_cpu(i); i++)
        if (!vcpu_locate((DWORD)i))
            exit(EXIT_FAILURE);
    vcpu = vcpu_get(0);
    if (atomic_load(&session.state) == SESSION_ACTIVE) {
        reset_guest();
    } else if (vcpu && (vcpu->state->cr[0] & CR0_PG) &&
               atomic_compare_exchange_strong(&session.state, &expected, SESSION_SCHEDULED)) {
        session.first_rip = vcpu->state->rip;
        start_protection();
    }
}

/* ---- another kernel ------------------------------------------------------------------------------------------------ */

/** Until the new kernel has a user process nothing is protected: should that last, it is not to go unnoticed. */
static void complain_of_waiting(void);

static Periodic waiting = {.period = KERNEL_START_MAX, .work = complain_of_waiting};

static void complain_of_waiting(void)
{
    if (atomic_load(&session.state) == SESSION_WAITING)
        log_error("the guest is still not protected: no user process has run since the kexec");
    else
        periodic_stop(&waiting);
}

void session_kexec(const Vcpu *vcpu)
{
    uint64_t now = clock_nanoseconds();

    // A guest that imitates a kexec again and again is neither followed nor reported each time.
    if (session.last_kexec && now - session.last_kexec < KERNEL_LIFE_MIN)
        return;
    session.last_kexec = now;
    log_event("kexec", "cpu=%u rip=0x%" PRIx64 " cr3=0x%" PRIx64 " guards=%s", vcpu->index, vcpu->state->rip,
              vcpu->state->cr[3], session.arguments.follows_kexec ? "released" : "kept");
    if (!session.arguments.follows_kexec)
        return;
    session_wait_again();
    // What is translated already would run unseen; so the first instruction of a user process starts the protection again.
    qemu.tb_flush(vcpu->cpu);
    periodic_start(&waiting);
}

/* ---- end ---------------------------------------------------------------------------------------------------------- */

/** Takes the engine off the guest. With the big lock, so that no handler is running. */
static void stop_protection(void)
{
    enum SessionState expected = SESSION_ACTIVE;
    INTSTATUS status = INT_STATUS_CANNOT_UNLOAD;

    if (!atomic_compare_exchange_strong(&session.state, &expected, SESSION_OVER))
        return;
    periodic_stop(&work);
    for (int i = 0; i < MAX_ATTEMPTS && status == INT_STATUS_CANNOT_UNLOAD; i++)
        status = engine.glue.DisableIntro(&session, i ? IG_DISABLE_IGNORE_SAFENESS : 0);
    if (!INT_SUCCESS(status))
        log_error("DisableIntro failed: %s", engine.IntStatusToString(status));
    for (DWORD i = 0; i < vcpu_count(); i++)
        vcpu_get(i)->record = NULL;
}

static void remove_memory(void)
{
    for (int i = 0; i < RANGE_COUNT && session.is_memory_declared; i++) {
        const GuestRange *range = &guest_memory.ranges[i];
        INTSTATUS status = range->size ? INT_STATUS_BUSY : INT_STATUS_SUCCESS;

        for (int n = 0; n < MAX_ATTEMPTS && status == INT_STATUS_BUSY; n++)
            status = engine.IntRemoveGuestMemory(&session, range->gpa, range->size);
        if (!INT_SUCCESS(status))
            log_error("IntRemoveGuestMemory of gpa=0x%" PRIx64 " failed: %s", range->gpa, engine.IntStatusToString(status));
    }
    session.is_memory_declared = false;
}

void session_wait_again(void)
{
    if (atomic_load(&session.state) != SESSION_ACTIVE)
        return;
    stop_protection();
    atomic_store(&session.state, SESSION_WAITING);
}

void session_stop(void)
{
    stop_protection();
    remove_memory();
}

void session_end(void)
{
    static atomic_bool is_done;
    INTSTATUS status = INT_STATUS_CANNOT_UNLOAD;
    bool taken;

    if (atomic_exchange(&is_done, true))
        return;
    taken = qemu_big_lock_acquire();
    if (session.is_wanted && atomic_load(&session.state) == SESSION_WAITING)
        log_error("the guest was not protected at its end: no user process has run since it started");
    session_stop();
    for (int i = 0; i < MAX_ATTEMPTS && status == INT_STATUS_CANNOT_UNLOAD; i++)
        status = engine.IntUninit();
    if (!INT_SUCCESS(status))
        log_error("IntUninit failed: %s", engine.IntStatusToString(status));
    statistics_print();
    qemu_big_lock_release(taken);
}

void session_prepare(const Arguments *arguments)
{
    session.is_wanted = true;
    session.arguments = *arguments;
    session.restarts_left = arguments->stress;
    guest_life_prepare();
}
