/* SPDX-License-Identifier: MIT */
#include "groups.h"

#include <string.h>

const char *group_file;
const char *group_library;

bool group_load(void)
{
    const char *missing = NULL;
    bool loaded = library_open(&lib, group_library, &missing);
    if (loaded && missing != NULL)
        check_note("the library has no %s", missing); /* the test of its exports fails for that */
    return check(loaded, "the library loads", "%s", missing != NULL ? missing : "");
}

struct guest *group_start(unsigned cpu_count, QWORD options)
{
    struct guest *guest = guest_create(cpu_count);
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, options), "a guest is taken under protection"))
        return guest;
    guest_destroy(guest);
    return NULL;
}

static void run_group(const struct group *group)
{
    if (group->initialised) {
        if (!group_load() || !CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "the engine initialises"))
            return;
    }
    group->run();
    if (group->initialised)
        CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
}

int groups_main(const struct group *groups, size_t group_count, int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "--list") == 0) {
        for (size_t i = 0; i < group_count; i++)
            check_note("%s", groups[i].name);
        return 0;
    }
    if (count < 3)
        return 2;
    group_library = arguments[2];
    group_file = count > 3 ? arguments[3] : NULL;
    for (size_t i = 0; i < group_count; i++) {
        if (strcmp(groups[i].name, arguments[1]) != 0)
            continue;
        check_note("%s", groups[i].name);
        run_group(&groups[i]);
        CHECK_EQ(0, host_errors, "the engine kept to the rules of the boundary");
        int code = check_end();
        if (code != 0)
            host_log_note();
        return code;
    }
    return 2;
}
