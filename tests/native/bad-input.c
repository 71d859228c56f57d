/* SPDX-License-Identifier: MIT */
/**
 * bad-input.c - gives every function of the library what it must refuse; arguments, report and exit code as groups.h says.
 */
#include "bad-input.h"

static const struct group groups[] = {
#define BAD_INPUT_ENTRY(name, function, initialised) {name, function, initialised},
    BAD_INPUT_GROUPS(BAD_INPUT_ENTRY)
#undef BAD_INPUT_ENTRY
};

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
    return groups_main(groups, sizeof groups / sizeof groups[0], count, arguments);
}
