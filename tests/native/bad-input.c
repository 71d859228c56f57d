/* SPDX-License-Identifier: MIT */
/**
 * bad-input.c - gives every function of the library what it must refuse, one group a process. Arguments, report and exit
 * code as drive.c's.
 */
#include "bad-input.h"

#include <string.h>

static const struct {
    const char *name;
    void (*run)(void);
    bool initialised;
} groups[] = {
#define BAD_INPUT_ENTRY(name, function, initialised) {name, function, initialised},
    BAD_INPUT_GROUPS(BAD_INPUT_ENTRY)
#undef BAD_INPUT_ENTRY
};

struct guest *bad_start(unsigned cpu_count)
{
    struct guest *guest = guest_create(cpu_count);
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, INTRO_OPT_PROT_KM_IDT), "a guest is taken under protection"))
        return guest;
    guest_destroy(guest);
    return NULL;
}

void bad_finish(struct guest *guest)
{
    guest->map_mode = MAP_DIRECT;
    struct outcome outcome = guest_store8(guest, 0, GATE_GLA(77), GATE_GPA(77), 0x600D);
    check(outcome.status == INT_STATUS_SUCCESS && outcome.action == introGuestNotAllowed, "the protection works after all that",
          "status 0x%08X, action %d", (unsigned)outcome.status, (int)outcome.action);
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_stop(guest), "the guest is let go");
    CHECK(guest_is_free(guest) && guest_mapped(guest) == 0, "nothing is left behind");
    guest_destroy(guest);
}

void bad_action(INTRO_ACTION action, const char *name)
{
    check(action == UNTOUCHED || action == introGuestAllowed, name, "the action is %d", (int)action);
}

int main(int count, char **arguments)
{
    size_t group_count = sizeof groups / sizeof groups[0];
    if (count == 2 && strcmp(arguments[1], "--list") == 0) {
        for (size_t i = 0; i < group_count; i++)
            check_note("%s", groups[i].name);
        return 0;
    }
    if (count < 3)
        return 2;
    for (size_t i = 0; i < group_count; i++) {
        if (strcmp(groups[i].name, arguments[1]) != 0)
            continue;
        check_note("%s", groups[i].name);
        const char *missing = NULL;
        bool loaded = library_open(&lib, arguments[2], &missing);
        if (!check(loaded, "the library loads", "%s", missing != NULL ? missing : ""))
            return check_end();
        if (groups[i].initialised)
            CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "the engine initialises");
        groups[i].run();
        if (groups[i].initialised)
            CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
        CHECK_EQ(0, host_errors, "the engine kept to the rules of the boundary");
        int code = check_end();
        if (code != 0)
            host_log_note();
        return code;
    }
    return 2;
}
