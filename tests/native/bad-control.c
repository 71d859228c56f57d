/* SPDX-License-Identifier: MIT */
/* Starting over and questions: bad arguments. */
#include "bad-input.h"

#include <stdlib.h>
#include <string.h>

void bad_control(void)
{
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntGuestReset(NULL), "reset: no handle");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntGuestReset(NO_HANDLE), "reset: unknown handle");

    struct guest *guest = group_start(1, INTRO_OPT_PROT_KM_IDT);
    if (guest == NULL)
        return;
    CHAR buffer[4096];
    size_t size = sizeof buffer;
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_1, lib.IntQueryGuest(NULL, "vcpus", buffer, &size), "query: no handle");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_2, lib.IntQueryGuest(guest, NULL, buffer, &size), "query: no topic");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_3, lib.IntQueryGuest(guest, "vcpus", NULL, &size), "query: no buffer, but a size");
    CHECK_STATUS(INT_STATUS_INVALID_PARAMETER_4, lib.IntQueryGuest(guest, "vcpus", buffer, NULL), "query: no size");
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED, lib.IntQueryGuest(NO_HANDLE, "vcpus", buffer, &size), "query: unknown handle");

    static char long_topic[70000];
    memset(long_topic, 'v', sizeof long_topic - 1);
    const char *const topics[] = {"", "vcpu", "vcpuss", "VCPUS", " vcpus", "vcpus\n", "{}", "\xff\xfe", long_topic};
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        memset(buffer, 0x7E, sizeof buffer);
        size = sizeof buffer;
        CHECK_STATUS(INT_STATUS_NOT_FOUND, lib.IntQueryGuest(guest, topics[i], buffer, &size), "query: no such topic");
        check(buffer[0] == 0x7E, "query: no such topic", "something was written");
    }
    for (size = 0; size < 3; size++) {
        size_t given = size;
        memset(buffer, 0x7E, sizeof buffer);
        CHECK_STATUS(INT_STATUS_DATA_BUFFER_TOO_SMALL, lib.IntQueryGuest(guest, "vcpus", buffer, &given), "query: a tiny buffer");
        check(buffer[size] == 0x7E, "query: a tiny buffer", "more was written than there is room");
    }
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntHandleTimer(guest), "a timer");
    bad_finish(guest);
}
