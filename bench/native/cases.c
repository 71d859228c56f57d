/* SPDX-License-Identifier: MIT */
#include "cases.h"

#include "clock.h"
#include "event.h"
#include "hooks.h"
#include "worst.h"

#define CR4_SMEP_SMAP_PGE 0x3006E0ull
#define CR4_SMEP_SMAP 0x300660ull
#define MSR_LSTAR 0xC0000082u
#define VECTOR_PAGE_FAULT 14
#define ALERT_INTERVAL 16000000ull /* ns: one alert more is allowed in that time */
#define BURST 512                  /* more alerts than are allowed at once */
#define REST 60000000000ull        /* ns: afterwards the burst is allowed again */

/* low: the table is the first half of its page; high: the second. */
static struct guest *pushed_low, *pushed_high, *asked_low, *asked_high;
unsigned case_wrong;          /* events of the last run that came out otherwise */
static unsigned long alerts;  /* delivered before the last run */

static const struct store outside = {0, CODE_MOV, GPA_DATA, 1};
static const struct store behind = {0, CODE_MOV, GPA_IDT + IDT_HALF + 0x100, 1};
static const struct store before = {0, CODE_MOV, GPA_IDT + 0x100, 1};
static const struct store before_push = {0, CODE_PUSH, GPA_IDT + 0x100, 1};
static const struct store gate = {0, CODE_MOV, GPA_IDT + 0x100, 0x1122334455667788};
static const struct store gate_same = {0, CODE_MOV, GPA_IDT + 0x100, 0};

bool case_is_of_library(const struct bench_case *which)
{
    return which->has_hooks == hooks_are_possible();
}

void cases_prepare(void)
{
    if (hooks_are_possible()) {
        hooks_prepare();
        return;
    }
    pushed_low = guest_create(GLUE_PUSHES, 1, 0);
    pushed_high = guest_create(GLUE_NO_DATA, 1, IDT_HALF);
    asked_low = guest_create(GLUE_ASKED, 1, 0);
    asked_high = guest_create(GLUE_ASKED, 1, IDT_HALF);
    guest_start(pushed_low);
    guest_start(pushed_high);
    guest_start(asked_low);
    guest_start(asked_high);
    worst_prepare();
}

void case_begin(void)
{
    case_wrong = 0;
    alerts = host_alerts;
}

static void stores(struct guest *guest, const struct store *store, unsigned events, INTRO_ACTION expected)
{
    case_begin();
    store_prepare(guest, store);
    while (events-- != 0)
        case_wrong += store_exit(guest, store) != expected;
}

static bool check_quiet(unsigned events)
{
    (void)events;
    return case_wrong == 0 && host_alerts == alerts;
}

static bool check_alerts(unsigned events)
{
    return case_wrong == 0 && host_alerts == alerts + events;
}

/* ---- the boundary alone ------------------------------------------------------------------------------------------- */

static unsigned called;

static DWORD c_function(void)
{
    return ++called;
}

static DWORD (*volatile c_pointer)(void) = c_function;

static void run_c_call(unsigned events)
{
    while (events-- != 0)
        c_pointer();
}

static void run_empty_export(unsigned events)
{
    case_begin();
    while (events-- != 0)
        case_wrong += lib.IntLibraryVersion() == 0;
}

static bool check_nothing(unsigned events)
{
    (void)events;
    return true;
}

/* ---- memory ------------------------------------------------------------------------------------------------------- */

static void run_a0(unsigned events) { stores(pushed_low, &outside, events, introGuestAllowed); }
static void run_a0_asked(unsigned events) { stores(asked_low, &outside, events, introGuestAllowed); }
static void run_a(unsigned events) { stores(pushed_low, &behind, events, introGuestAllowed); }
static void run_a_asked(unsigned events) { stores(asked_low, &behind, events, introGuestAllowed); }
static void run_a_before(unsigned events) { stores(pushed_high, &before, events, introGuestAllowed); }
static void run_a_before_asked(unsigned events) { stores(asked_high, &before, events, introGuestAllowed); }
static void run_a3(unsigned events) { stores(pushed_high, &before_push, events, introGuestAllowed); }
static void run_b_same(unsigned events) { stores(pushed_low, &gate_same, events, introGuestAllowed); }

/* The allowance of alerts is used up, and no time passes: none is delivered. */
static void blocked(struct guest *guest, unsigned events)
{
    clock_hold();
    stores(guest, &gate, BURST, introGuestNotAllowed);
    stores(guest, &gate, events, introGuestNotAllowed);
}

static void run_b(unsigned events) { blocked(pushed_low, events); }
static void run_b_asked(unsigned events) { blocked(asked_low, events); }

/* Time passes between two stores, so that each alert is within the allowance. */
static void run_b_alert(unsigned events)
{
    clock_hold();
    clock_advance(REST);
    case_begin();
    store_prepare(pushed_low, &gate);
    while (events-- != 0) {
        clock_advance(ALERT_INTERVAL);
        case_wrong += store_exit(pushed_low, &gate) != introGuestNotAllowed;
    }
}

/* ---- registers and the rest --------------------------------------------------------------------------------------- */

static void run_d(unsigned events)
{
    case_begin();
    while (events-- != 0) {
        INTRO_ACTION action = introGuestRetry;
        case_wrong += lib.IntHandleCrWrite(pushed_low, 4, 0, CR4_SMEP_SMAP_PGE, CR4_SMEP_SMAP, &action) != INT_STATUS_SUCCESS;
        case_wrong += action != introGuestAllowed;
    }
}

static void run_e(unsigned events)
{
    case_begin();
    while (events-- != 0) {
        INTRO_ACTION action = introGuestRetry;
        QWORD value = GLA_KERNEL + GPA_CODE;
        case_wrong += lib.IntHandleMsrViolation(pushed_low, MSR_LSTAR, IG_MSR_HOOK_WRITE, &action, GLA_KERNEL + GPA_CODE, &value, 0)
                 != INT_STATUS_SUCCESS;
        case_wrong += action != introGuestAllowed;
    }
}

static void run_f(unsigned events)
{
    case_begin();
    while (events-- != 0)
        case_wrong += lib.IntHandleEventInjection(pushed_low, VECTOR_PAGE_FAULT, 0, 0, 0) != INT_STATUS_SUCCESS;
}

static void run_g(unsigned events)
{
    case_begin();
    while (events-- != 0)
        case_wrong += lib.IntHandleBreakpoint(pushed_low, GPA_CODE, 0) != INT_STATUS_NOT_FOUND;
}

/* ---- the most expensive exit that was found -------------------------------------------------------------------------- */

static void run_worst(unsigned events)
{
    struct worst_input input;
    if (!worst_parse(worst_known, &input))
        host_fail("the known worst input is none");
    worst_arrange(&input);
    while (events-- != 0)
        worst_exit();
}

/* ---- decoding ----------------------------------------------------------------------------------------------------- */

/* The instruction at RIP, asked for as a hypervisor does that is to skip it; what the walk needs is pushed. */
static void decode(unsigned events, BYTE change)
{
    BYTE *code = pushed_low->ram + GPA_CODE + CODE_DECODED, length = 0;
    VCPU_STATE *record = (VCPU_STATE *)(void *)pushed_low->records;
    case_begin();
    while (events-- != 0) {
        code[2] ^= change;
        registers_push(pushed_low, GLA_KERNEL + GPA_CODE + CODE_DECODED, record);
        case_wrong += host_glue.GetCurrentInstructionLength(pushed_low, 0, &length) != INT_STATUS_SUCCESS || length != 3;
    }
}

static void run_j_hit(unsigned events) { decode(events, 0); }
static void run_j_miss(unsigned events) { decode(events, 0x08); }

/* ---- translation -------------------------------------------------------------------------------------------------- */

static void translations(unsigned events, QWORD changed_bits)
{
    QWORD *entry = (QWORD *)(void *)(pushed_low->ram + GPA_TABLES + 0x3000) + GPA_DATA / 4096;
    case_begin();
    while (events-- != 0) {
        QWORD gpa = 0;
        *(volatile QWORD *)entry ^= changed_bits;
        case_wrong += lib.IntTranslateLinear(pushed_low, 0, GLA_KERNEL + GPA_DATA + 0x123, GPA_TABLES, INTRO_PAGING_4LEVEL, &gpa)
                 != INT_STATUS_SUCCESS;
        case_wrong += gpa != GPA_DATA + 0x123;
    }
}

static void run_i_hit(unsigned events) { translations(events, 0); }

/* A bit that says nothing, so that the page stays where it is; the entry is another one each time all the same. */
static void run_i_miss(unsigned events) { translations(events, 1u << 9); }

const struct bench_case cases[] = {
    {"c_call", run_c_call, check_nothing, false},
    {"empty_export", run_empty_export, check_quiet, false},
    {"a0", run_a0, check_quiet, false},
    {"a0_asked", run_a0_asked, check_quiet, false},
    {"a", run_a, check_quiet, false},
    {"a_asked", run_a_asked, check_quiet, false},
    {"a_before", run_a_before, check_quiet, false},
    {"a_before_asked", run_a_before_asked, check_quiet, false},
    {"a3", run_a3, check_quiet, false},
    {"b", run_b, check_quiet, false},
    {"b_asked", run_b_asked, check_quiet, false},
    {"b_same", run_b_same, check_quiet, false},
    {"b_alert", run_b_alert, check_alerts, false},
    {"d", run_d, check_quiet, false},
    {"e", run_e, check_quiet, false},
    {"f", run_f, check_quiet, false},
    {"g", run_g, check_quiet, false},
    {"i_hit", run_i_hit, check_quiet, false},
    {"i_miss", run_i_miss, check_quiet, false},
    {"worst", run_worst, check_nothing, false},
    {"j_hit", run_j_hit, check_quiet, false},
    {"j_miss", run_j_miss, check_quiet, false},
    {"c", hooks_run_c, check_quiet, true},
    {"c2", hooks_run_c2, check_quiet, true},
    {"hooks_10", hooks_run_10, check_quiet, true},
    {"hooks_1000", hooks_run_1000, check_quiet, true},
    {"hooks_100000", hooks_run_100000, check_quiet, true},
    {"hooks_colliding", hooks_run_colliding, check_quiet, true},
    {0},
};
