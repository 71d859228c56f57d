// SPDX-License-Identifier: MIT
// An instruction that KVM cannot emulate, as AVX stores or CMPXCHG16B to a guarded page. With all other vCPUs stopped, stores are let
// through, the instruction is stepped, and stores are held back again. What has changed in the pages that were open is what it has
// stored: that is taken back, told to the engine, and written if the engine allows it. So the verdict is about the very bytes,
// whatever the instruction is, and nobody sees them before.

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "exits.h"
#include "log.h"
#include "registers.h"

#define MAX_PIECE 64u
#define MAX_ATTEMPTS 4 /* two pages that KVM has named, the first one's neighbour, and all of them */
#define STEP_LIMIT 50000000l /* nanoseconds; a step may fault and run the guest's handler, guards open */
#define MAX_INTERRUPTIONS 16 /* of one step, by signals of the VMM's */

/** A page that was open, as it was before. */
typedef struct OpenPage {
    Region *region;
    QWORD gpa;
    BYTE before[PAGE_SIZE];
} OpenPage;

/** Bytes that the instruction has stored. */
typedef struct Piece {
    Region *region;
    QWORD gpa;
    DWORD size;
    BYTE bytes[MAX_PIECE];
} Piece;

/** One step, as it is made. */
typedef struct Step {
    Vcpu *vcpu;
    OpenPage *pages;
    size_t page_count, page_room;
    Piece *pieces;
    size_t piece_count, piece_room;
    bool is_all_open;
    bool has_failed; /* no memory, or a slot is lost */
} Step;

/** Room for one more element of an array, or false. */
static bool make_room(void **array, size_t count, size_t *room, size_t element)
{
    size_t wanted = count < 4 ? 4 : 2 * count;
    void *larger;

    if (count < *room)
        return true;
    larger = realloc(*array, wanted * element);
    if (!larger)
        return false;
    *array = larger;
    *room = wanted;
    return true;
}

static bool is_emulation_failure(const struct kvm_run *run)
{
    return run->exit_reason == KVM_EXIT_INTERNAL_ERROR && run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION;
}

/* ---- opening pages ------------------------------------------------------------------------------------------------- */

/** A page that a word of KVM's exit information names: as physical address, or as linear one (shadow paging). */
static Region *find_guarded(Vcpu *vcpu, QWORD value, QWORD *gpa)
{
    Region *region = memory_find(vcpu->vm, value, 1);
    struct kvm_translation translation = {.linear_address = value};

    *gpa = value;
    if (region && memory_is_guarded(region, value))
        return region;
    if (ioctl(vcpu->fd, KVM_TRANSLATE, &translation) != 0 || !translation.valid)
        return NULL;
    *gpa = translation.physical_address;
    region = memory_find(vcpu->vm, *gpa, 1);
    return region && memory_is_guarded(region, *gpa) ? region : NULL;
}

/**
 * Opens the guarded page that the exit is about. KVM documents no such information: what it gives is taken as a hint, and where it helps
 * no further, all pages are opened. False: nothing is left to open.
 */
static bool open_pages(Step *step)
{
    const struct kvm_run *run = step->vcpu->run;
    unsigned words = is_emulation_failure(run) ? run->internal.ndata : 0;
    Region *region = NULL;
    QWORD gpa = 0;

    for (unsigned i = 0; i < words && i < 16 && !region; i++) {
        region = find_guarded(step->vcpu, run->internal.data[i], &gpa);
        for (size_t page = 0; page < step->page_count && region; page++)
            if (step->pages[page].gpa == (gpa & ~(QWORD)(PAGE_SIZE - 1)))
                region = NULL;
    }
    if (region)
        return memory_lift(step->vcpu->vm, region, gpa);
    if (step->is_all_open)
        return false;
    step->is_all_open = true;
    return memory_lift_all(step->vcpu->vm);
}

/** Keeps a page as it is, if it was not open before. */
static bool keep_page(void *context, Region *region, QWORD gpa)
{
    Step *step = context;

    for (size_t i = 0; i < step->page_count; i++)
        if (step->pages[i].gpa == gpa)
            return true;
    if (!make_room((void **)&step->pages, step->page_count, &step->page_room, sizeof *step->pages))
        return false;
    step->pages[step->page_count].region = region;
    step->pages[step->page_count].gpa = gpa;
    memcpy(step->pages[step->page_count].before, region->host + (gpa - region->gpa), PAGE_SIZE);
    step->page_count++;
    return true;
}

/* ---- the step ------------------------------------------------------------------------------------------------------ */

static bool set_debug(const Vcpu *vcpu, __u32 control)
{
    struct kvm_guest_debug debug = {.control = control};

    return ioctl(vcpu->fd, KVM_SET_GUEST_DEBUG, &debug) == 0;
}

/** A timer that takes this thread out of the guest. */
static bool start_limit(const Vcpu *vcpu, timer_t *timer)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = vcpu->vm->config.kick_signal};
    const struct itimerspec limit = {.it_value = {.tv_nsec = STEP_LIMIT}, .it_interval = {.tv_nsec = STEP_LIMIT}};

    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    return timer_create(CLOCK_MONOTONIC, &event, timer) == 0 && timer_settime(*timer, 0, &limit, NULL) == 0;
}

static long nanoseconds_since(const struct timespec *begin)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - begin->tv_sec) * 1000000000l + (now.tv_nsec - begin->tv_nsec);
}

/** KVM_RUN until it ends by itself, the limit is reached (ETIME), or somebody wants the vCPU outside (EINTR). */
static int run_limited(Vcpu *vcpu)
{
    struct timespec begin;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < MAX_INTERRUPTIONS; i++) {
        __atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
        if (atomic_load(&vcpu->presence.is_kicked))
            return EINTR;
        if (ioctl(vcpu->fd, KVM_RUN, 0) == 0)
            return 0;
        if (errno != EINTR)
            return errno;
        if (nanoseconds_since(&begin) >= STEP_LIMIT)
            break;
    }
    return ETIME;
}

/** One instruction. */
static int run_one(Vcpu *vcpu)
{
    timer_t timer;
    int error;

    if (!start_limit(vcpu, &timer))
        return errno;
    error = set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_BLOCKIRQ) ? 0 : errno;
    if (!error)
        error = run_limited(vcpu);
    set_debug(vcpu, 0);
    timer_delete(timer);
    gate_expect_interruption(vcpu); // who wanted one meanwhile, gets it
    return error;
}

/** Opens pages and steps until that works or nothing helps. Returns what is to be done about the last exit. */
static ExitResult make_step(Step *step)
{
    Vcpu *vcpu = step->vcpu;

    for (int i = 0; i < MAX_ATTEMPTS; i++) {
        int error;

        if (!open_pages(step))
            break;
        if (!memory_each_lifted(vcpu->vm, keep_page, step)) {
            step->has_failed = true;
            break;
        }
        atomic_store(&vcpu->presence.is_kicked, false); // nobody kicks a vCPU that runs alone
        error = run_one(vcpu);
        if (error == ETIME)
            return EXIT_HANDLED; // it took too long; what it has done until now is judged
        if (error) {
            log_error_limited("cpu=%u: an instruction could not be stepped: %s", vcpu->index, strerror(error));
            errno = error;
            return EXIT_FAILED;
        }
        if (vcpu->run->exit_reason == KVM_EXIT_DEBUG)
            return EXIT_HANDLED;
        if (!is_emulation_failure(vcpu->run))
            return EXIT_FOR_VMM;
    }
    return EXIT_FOR_VMM;
}

/* ---- what it has stored --------------------------------------------------------------------------------------------- */

/** Notes what has changed in a page, from the first byte to the last, and takes it back. */
static void collect(Step *step, const OpenPage *page)
{
    BYTE *now = page->region->host + (page->gpa - page->region->gpa);
    size_t first = 0, last = PAGE_SIZE;

    while (first < PAGE_SIZE && now[first] == page->before[first])
        first++;
    while (last > first && now[last - 1] == page->before[last - 1])
        last--;
    for (size_t at = first; at < last; at += MAX_PIECE) {
        Piece *piece;

        if (!make_room((void **)&step->pieces, step->piece_count, &step->piece_room, sizeof *step->pieces)) {
            step->has_failed = true;
            break;
        }
        piece = &step->pieces[step->piece_count++];
        *piece = (Piece){.region = page->region, .gpa = page->gpa + at,
                         .size = (DWORD)(last - at < MAX_PIECE ? last - at : MAX_PIECE)};
        memcpy(piece->bytes, now + at, piece->size);
    }
    memcpy(now + first, page->before + first, last - first);
}

/** Asks about all pieces; they land all or none, since they are one store. */
static void judge(const Step *step)
{
    bool lands = !step->has_failed;

    for (size_t i = 0; i < step->piece_count && lands; i++)
        lands = store_lands(store_ask(step->vcpu, step->pieces[i].gpa, step->pieces[i].bytes, step->pieces[i].size));
    for (size_t i = 0; i < step->piece_count && lands; i++)
        memory_write(step->vcpu->vm, step->pieces[i].region, step->pieces[i].gpa, step->pieces[i].bytes, step->pieces[i].size);
}

/** A step from its beginning to its end; not within an exit. */
static ExitResult step_alone(Vcpu *vcpu)
{
    IntroKvm *vm = vcpu->vm;
    Step step = {.vcpu = vcpu};
    ExitResult result;

    gate_enter_alone(vcpu);
    atomic_fetch_add(&vcpu->presence.exits, 1);
    vcpu->record = atomic_load(&vcpu->given_record);
    pthread_mutex_lock(&vm->memory.lock);
    result = make_step(&step);
    if (!memory_lower_all(vm))
        step.has_failed = true;
    for (size_t i = 0; i < step.page_count; i++)
        collect(&step, &step.pages[i]);
    pthread_mutex_unlock(&vm->memory.lock);
    gate_step_done(vcpu);
    judge(&step);
    gate_leave_alone(vcpu);
    atomic_fetch_add(&vcpu->presence.exits, 1);
    free(step.pages);
    free(step.pieces);
    return result;
}

ExitResult step_exit(Vcpu *vcpu)
{
    ExitResult result;

    if (!is_emulation_failure(vcpu->run) || !(vcpu->vm->capabilities & INTROKVM_STEPS_STORES) ||
        !atomic_load(&vcpu->vm->store_handler))
        return EXIT_FOR_VMM;
    COUNT(vcpu->vm, steps);
    // While it waits for its turn it handles nothing, so that whoever waits for the end of exits does not wait for this one.
    atomic_fetch_add(&vcpu->presence.exits, 1);
    result = step_alone(vcpu);
    atomic_fetch_add(&vcpu->presence.exits, 1);
    return result;
}

int step_suspect(Vcpu *vcpu)
{
    ExitResult result;
    int error;

    if (!(vcpu->vm->capabilities & INTROKVM_STEPS_STORES))
        return EINTR;
    gate_enter(vcpu);
    atomic_store(&vcpu->presence.is_kicked, false);
    error = run_one(vcpu);
    atomic_store(&vcpu->presence.is_settled, error != 0);
    gate_leave(vcpu);
    if (!error && vcpu->run->exit_reason != KVM_EXIT_DEBUG)
        return 0;
    // KVM may say that it has stepped though it has not: it does so where its emulator cannot store.
    if (error == EINTR || !progress_is_none(vcpu))
        return EINTR;
    result = step_alone(vcpu);
    if (progress_is_none(vcpu))
        vcpu->progress.hopeless = vcpu->progress.rip; // a jump to itself, perhaps
    else
        COUNT(vcpu->vm, stuck);
    return result == EXIT_FOR_VMM && vcpu->run->exit_reason != KVM_EXIT_INTR ? 0 : EINTR;
}
