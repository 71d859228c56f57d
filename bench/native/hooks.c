/* SPDX-License-Identifier: MIT */
/* Page tables and very many hooks. */
#include "hooks.h"

#include <dlfcn.h>
#include <string.h>

#include "cases.h"
#include "event.h"

#define HOOKS_FROM 0x10000000ull /* above RAM: nobody reads there */
#define STRIDE 0x400000ull
#define COLLIDING 2040u
#define ENTRY (GPA_TABLES + 0x3000 + GPA_DATA / 4096 * 8)
#define ENTRY_FLAGS 0x3ull
#define ACCESSED 0x20ull
#define DIRTY 0x40ull

typedef INTRO_ACTION judge_frame(void *context, DWORD vcpu, QWORD gpa, QWORD gla, DWORD size, const BYTE *data);
typedef INTRO_ACTION judge_page(void *context, DWORD vcpu, QWORD linear, QWORD before, QWORD after);

static INTSTATUS (*hook_frame)(void *guest, QWORD gpa, DWORD length, DWORD access, judge_frame *judge, void *context);
static INTSTATUS (*hook_page)(void *guest, DWORD mode, QWORD cr3, QWORD linear, judge_page *judge, void *context);
static struct guest *watched, *with_10, *with_1000, *with_100000, *with_colliding;
static unsigned judged;

static INTRO_ACTION allow_store(void *context, DWORD vcpu, QWORD gpa, QWORD gla, DWORD size, const BYTE *data)
{
    (void)context, (void)vcpu, (void)gpa, (void)gla, (void)size, (void)data;
    return introGuestAllowed;
}

static INTRO_ACTION allow_change(void *context, DWORD vcpu, QWORD linear, QWORD before, QWORD after)
{
    (void)context, (void)vcpu, (void)linear, (void)before, (void)after;
    judged++;
    return introGuestAllowed;
}

bool hooks_are_possible(void)
{
    void *frame = dlsym(lib.handle, "IntTestHookFrame"), *page = dlsym(lib.handle, "IntTestHookTranslation");
    memcpy(&hook_frame, &frame, sizeof frame);
    memcpy(&hook_page, &page, sizeof page);
    return frame != NULL && page != NULL;
}

static struct guest *guest_with(unsigned hooks, QWORD first, QWORD stride)
{
    struct guest *guest = guest_create(GLUE_PUSHES, 1, 0);
    guest_start(guest);
    for (unsigned i = 0; i < hooks; i++) {
        if (hook_frame(guest, first + i * stride, 4096, IG_EPT_HOOK_WRITE, allow_store, NULL) != INT_STATUS_SUCCESS)
            host_fail("hook %u cannot be set", i);
    }
    return guest;
}

void hooks_prepare(void)
{
    watched = guest_with(0, 0, 0);
    if (hook_page(watched, INTRO_PAGING_4LEVEL, GPA_TABLES, GLA_KERNEL + GPA_DATA, allow_change, NULL) != INT_STATUS_SUCCESS)
        host_fail("the page cannot be watched");
    with_10 = guest_with(10, HOOKS_FROM, 4096);
    with_1000 = guest_with(1000, HOOKS_FROM, 4096);
    with_100000 = guest_with(100000, HOOKS_FROM, 4096);
    with_colliding = guest_with(COLLIDING, GPA_IDT + STRIDE, STRIDE);
}

/** Stores to the entry, each of which lands; one of two values in turn. */
static void entries(unsigned events, const QWORD *values, bool counts)
{
    case_begin();
    judged = 0;
    for (unsigned i = 0; i < events; i++) {
        struct store store = {0, CODE_MOV, ENTRY, values[i & 1]};
        store_prepare(watched, &store);
        case_wrong += store_exit(watched, &store) != introGuestAllowed;
        memcpy(watched->ram + ENTRY, &store.value, sizeof store.value);
    }
    case_wrong += judged != (counts ? events : 0);
}

static const QWORD frames[] = {(GPA_DATA + 0x1000) | ENTRY_FLAGS, GPA_DATA | ENTRY_FLAGS};
static const QWORD bits[] = {GPA_DATA | ENTRY_FLAGS | ACCESSED | DIRTY, GPA_DATA | ENTRY_FLAGS};

/* Runs have even numbers of events, so that the entry is then as it was. */
void hooks_run_c(unsigned events)
{
    entries(events, frames, true);
}

void hooks_run_c2(unsigned events)
{
    entries(events, bits, false);
}

static void behind(struct guest *guest, unsigned events)
{
    static const struct store store = {0, CODE_MOV, GPA_IDT + IDT_HALF + 0x100, 1};
    case_begin();
    store_prepare(guest, &store);
    while (events-- != 0)
        case_wrong += store_exit(guest, &store) != introGuestAllowed;
}

void hooks_run_10(unsigned events)
{
    behind(with_10, events);
}

void hooks_run_1000(unsigned events)
{
    behind(with_1000, events);
}

void hooks_run_100000(unsigned events)
{
    behind(with_100000, events);
}

void hooks_run_colliding(unsigned events)
{
    behind(with_colliding, events);
}
