/* SPDX-License-Identifier: MIT */
/* Several threads: refused on one vCPU, welcome on several, and unloading under fire. */
#include "drive.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

static uint64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* ---- one vCPU, two threads ------------------------------------------------------------------------------------------ */

static sem_t alert_reached, alert_leave;

static void hold_alert(struct guest *guest, const EVENT_EPT_VIOLATION *event)
{
    (void)event;
    guest->on_alert = NULL;
    sem_post(&alert_reached);
    sem_wait(&alert_leave);
}

static void *held_exit(void *context)
{
    struct guest *guest = context;
    return (void *)(uintptr_t)guest_store8(guest, 0, GATE_GLA(14), GATE_GPA(14), 0xB057).action;
}

static void *disable_until_done(void *context)
{
    struct guest *guest = context;
    INTSTATUS status;
    do {
        status = glue.DisableIntro(guest, 0);
        sleep_ms(1);
    } while (status == INT_STATUS_CANNOT_UNLOAD);
    return status == INT_STATUS_SUCCESS ? (void *)(uintptr_t)now_ms() : NULL;
}

struct storm {
    struct guest *guest;
    unsigned busy, blocked, other;
};

static void *storm_thread(void *context)
{
    struct storm *storm = context;
    for (unsigned i = 0; i < 20000 || (storm->blocked == 0 && i < 20000000); i++) {
        INTRO_ACTION action = (INTRO_ACTION)0x7777;
        INTSTATUS status = lib.IntHandleEptViolation(storm->guest, GATE_GPA(0), 0, GATE_GLA(0), 0, &action, IG_EPT_HOOK_WRITE);
        if (status == INT_STATUS_BUSY && action == introGuestRetry)
            storm->busy++;
        else if (status == INT_STATUS_SUCCESS && (action == introGuestNotAllowed || action == introGuestRetry))
            storm->blocked++;
        else
            storm->other++;
    }
    return NULL;
}

void drive_busy(void)
{
    sem_init(&alert_reached, 0, 0);
    sem_init(&alert_leave, 0, 0);
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    guest->on_alert = hold_alert;
    pthread_t holder, unloader;
    void *result;
    pthread_create(&holder, NULL, held_exit, guest);
    sem_wait(&alert_reached);

    INTRO_ACTION action = (INTRO_ACTION)0x7777;
    INTSTATUS status = lib.IntHandleEptViolation(guest, GPA_DATA, 0, GLA_KERNEL + GPA_DATA, 0, &action, IG_EPT_HOOK_WRITE);
    CHECK_STATUS(INT_STATUS_BUSY, status, "a second thread on a vCPU");
    CHECK_EQ(introGuestRetry, action, "its action is to retry");
    action = (INTRO_ACTION)0x7777;
    CHECK_STATUS(INT_STATUS_BUSY, lib.IntHandleCrWrite(guest, 4, 0, 0, 1, &action), "another handler on that vCPU");
    CHECK_STATUS(INT_STATUS_BUSY, lib.IntHandleBreakpoint(guest, GPA_CODE, 0), "and one without an action");
    QWORD value = 0x5EC0;
    struct store store = drive_gate_store(guest, 1, 20, &value);
    drive_blocked(guest, &store, "another vCPU is not held up");

    pthread_create(&unloader, NULL, disable_until_done, guest);
    sleep_ms(60);
    uint64_t released = now_ms();
    sem_post(&alert_leave);
    pthread_join(holder, &result);
    CHECK_EQ(introGuestNotAllowed, (uintptr_t)result, "the exit that was held is blocked");
    pthread_join(unloader, &result);
    CHECK(result != NULL && (uintptr_t)result >= released, "DisableIntro succeeds only after the exit that was under way");
    CHECK(guest_is_free(guest), "and has given everything back");
    CHECK_EQ(1, guest->counts[COUNT_DEACTIVATED], "and has said so once");
    guest_destroy(guest);

    guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    struct storm storms[2] = {{guest, 0, 0, 0}, {guest, 0, 0, 0}};
    pthread_t threads[2];
    guest->cpus[0].regs.Rdi = GATE_GLA(0), guest->cpus[0].regs.Rsi = 0x77;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, storm_thread, &storms[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(0, storms[0].other + storms[1].other, "two threads in a storm on one vCPU: busy or judged, nothing else");
    CHECK(storms[0].blocked > 0 && storms[1].blocked > 0, "both got through");
    check_note("storm: %u busy, %u judged", storms[0].busy + storms[1].busy, storms[0].blocked + storms[1].blocked);
    drive_finish(guest);
}

/* ---- a thread a vCPU ------------------------------------------------------------------------------------------------ */

struct runner {
    struct guest *guest;
    unsigned cpu;
    atomic_bool *stop; /* null: 20,000 rounds */
    unsigned wrong, late, rounds;
};

/* Blocked, allowed and unguarded stores in turn; each verdict must be right, until the guest is gone. */
static void *run_vcpu(void *context)
{
    struct runner *runner = context;
    struct guest *guest = runner->guest;
    struct vcpu *vcpu = &guest->cpus[runner->cpu];
    host_current_cpu = runner->cpu;
    for (unsigned i = 0; runner->stop != NULL ? !atomic_load(runner->stop) : i < 20000; i++) {
        unsigned kind = i % 3;
        QWORD gpa = kind == 2 ? GPA_DATA + 64 * runner->cpu : GATE_GPA(i % 256);
        INTRO_ACTION action = (INTRO_ACTION)0x7777;
        if (runner->stop == NULL) { /* the records go away with the guest: only then are they written */
            VCPU_STATE *record = guest_record(guest, runner->cpu);
            memcpy(&record->Regs, &vcpu->regs, offsetof(IG_ARCH_REGS, IdtBase));
            record->Ia32Efer = vcpu->efer, record->CsType = vcpu->cs_type, record->Cpl = 0;
            record->PushedMask = PUSH_ALL;
            record->ExitFlags = VCPU_EXIT_DATA, record->ExitDataSize = 8;
            memcpy(record->ExitData, guest->ram + gpa, 8);
            if (kind == 0)
                record->ExitData[7] ^= 0x80;
        }
        INTSTATUS status = lib.IntHandleEptViolation(guest, gpa, 0, GLA_DIRECT + gpa, runner->cpu, &action, IG_EPT_HOOK_WRITE);
        runner->rounds++;
        if (status == INT_STATUS_NOT_INITIALIZED_HINT && action == introGuestAllowed)
            runner->late++;
        else if (runner->stop == NULL && action != (kind == 0 ? introGuestNotAllowed : introGuestAllowed))
            runner->wrong++;
        else if (!INT_SUCCESS(status) && status != INT_STATUS_NOT_FOUND && status != INT_STATUS_BUSY)
            runner->wrong++;
    }
    return NULL;
}

void drive_threads(void)
{
    struct guest *guest = group_start(2, OPTION_IDT);
    if (guest == NULL)
        return;
    struct runner runners[2] = {{guest, 0, NULL, 0, 0, 0}, {guest, 1, NULL, 0, 0, 0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, run_vcpu, &runners[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(0, runners[0].wrong, "two vCPUs at once: every verdict of the first is right");
    CHECK_EQ(0, runners[1].wrong, "two vCPUs at once: every verdict of the second is right");
    CHECK_EQ(0, runners[0].late + runners[1].late, "and none came too late");
    CHECK(guest->alert_count > 0, "there were alerts");
    drive_finish(guest);

    /* Guests come and go while exits keep coming. */
    for (int round = 0; round < 10; round++) {
        atomic_bool stop = false;
        guest = guest_create(2);
        struct runner late[2] = {{guest, 0, &stop, 0, 0, 0}, {guest, 1, &stop, 0, 0, 0}};
        for (int i = 0; i < 2; i++)
            pthread_create(&threads[i], NULL, run_vcpu, &late[i]);
        INTSTATUS status = guest_start(guest, OPTION_IDT);
        sleep_ms(3);
        void *done = disable_until_done(guest);
        sleep_ms(1);
        atomic_store(&stop, true);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        check(status == INT_STATUS_SUCCESS && done != NULL && late[0].wrong + late[1].wrong == 0 && guest_is_free(guest) &&
                  guest_mapped(guest) == 0, "a guest that comes and goes under fire",
              "start 0x%08X, %u wrong of %u exits, %d mapped", (unsigned)status, late[0].wrong + late[1].wrong,
              late[0].rounds + late[1].rounds, guest_mapped(guest));
        guest_destroy(guest);
    }
}

/* ---- the smallest stack --------------------------------------------------------------------------------------------- */

static void *small_stack(void *context)
{
    struct guest *guest = context;
    bool fine = true;
    for (unsigned i = 0; i < 50; i++)
        fine = fine && guest_store8(guest, 0, GATE_GLA(i), GATE_GPA(i), 0x57AC).action == introGuestNotAllowed;
    fine = fine && glue.DisableIntro(guest, 0) == INT_STATUS_SUCCESS;
    fine = fine && guest_start(guest, OPTION_IDT) == INT_STATUS_SUCCESS;
    fine = fine && guest_store8(guest, 0, GATE_GLA(0), GATE_GPA(0), 0x57AC).action == introGuestNotAllowed;
    return fine ? context : NULL;
}

void drive_stack(void)
{
    struct guest *guest = group_start(1, OPTION_IDT);
    if (guest == NULL)
        return;
    pthread_attr_t attributes;
    pthread_t thread;
    void *result = NULL;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, INTROCORE_MIN_STACK);
    CHECK_EQ(0, pthread_create(&thread, &attributes, small_stack, guest), "a thread with the smallest stack");
    pthread_join(thread, &result);
    CHECK(result != NULL, "exits with alerts, letting go and taking up again on the smallest stack");
    drive_finish(guest);
}
