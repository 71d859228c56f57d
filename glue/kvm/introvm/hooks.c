// SPDX-License-Identifier: MIT
// The engine's own functions that scenarios call.

#include "hooks.h"

#include <dlfcn.h>
#include <string.h>

#include "check.h"

typedef INTRO_ACTION (*JudgeFunction)(void *context, uint32_t vcpu, uint64_t gpa, uint64_t gla, uint32_t size, const uint8_t *data);

static INTSTATUS (*hook_frame)(void *, QWORD, DWORD, IG_EPT_ACCESS, JudgeFunction, void *);
static INTSTATUS (*unhook_frame)(void *, QWORD);
static INTSTATUS (*query_guest)(void *, const CHAR *, CHAR *, size_t *);

bool hooks_load(const char *library)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void *hook = handle ? dlsym(handle, "IntTestHookFrame") : NULL, *unhook = handle ? dlsym(handle, "IntTestUnhookFrame") : NULL;
    void *query = handle ? dlsym(handle, "IntQueryGuest") : NULL;

    memcpy(&hook_frame, &hook, sizeof hook);
    memcpy(&unhook_frame, &unhook, sizeof unhook);
    memcpy(&query_guest, &query, sizeof query);
    return hook && unhook;
}

bool hooks_required(void)
{
    if (!hook_frame)
        check_skip("this library lets no test hook pages: give its variant for tests");
    return hook_frame != NULL;
}

static INTRO_ACTION judge_access(void *context, uint32_t vcpu, uint64_t gpa, uint64_t gla, uint32_t size, const uint8_t *data)
{
    Judge *judge = context;

    (void)gla; // not known on KVM
    atomic_store(&judge->gpa, gpa);
    atomic_store(&judge->size, size);
    atomic_store(&judge->vcpu, vcpu);
    if (data)
        memcpy(judge->data, data, size < sizeof judge->data ? size : sizeof judge->data);
    atomic_fetch_add(&judge->bytes, size);
    if (judge->also)
        judge->also(judge->context);
    atomic_fetch_add(&judge->calls, 1);
    return atomic_load(&judge->action);
}

bool hooks_set(Machine *machine, uint64_t gpa, uint32_t length, Judge *judge)
{
    INTSTATUS status = hook_frame(machine->guest, gpa, length, IG_EPT_HOOK_WRITE, judge_access, judge);

    return INT_SUCCESS(status) || check(false, "hooking 0x%llx: status 0x%X", (unsigned long long)gpa, (unsigned)status);
}

bool hooks_remove(Machine *machine, uint64_t gpa)
{
    INTSTATUS status = unhook_frame(machine->guest, gpa);

    return INT_SUCCESS(status) || check(false, "unhooking 0x%llx: status 0x%X", (unsigned long long)gpa, (unsigned)status);
}

const char *engine_answer(Machine *machine, const char *topic)
{
    static char answer[4096];
    size_t size = sizeof answer;

    return query_guest && INT_SUCCESS(query_guest(machine->guest, topic, answer, &size)) ? answer : "";
}

void hooks_clear(Judge *judge, INTRO_ACTION action)
{
    atomic_store(&judge->action, action);
    atomic_store(&judge->calls, 0);
    atomic_store(&judge->bytes, 0);
}
