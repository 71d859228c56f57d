/* SPDX-License-Identifier: MIT */
/* The first exit of a fresh process: nothing has run before but IntInit and NewGuestNotification. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "event.h"
#include "modes.h"

void mode_first(const char *library, const char *kind)
{
    bool outside = strcmp(kind, "outside") == 0;
    struct store store = {0, CODE_MOV, outside ? GPA_IDT + IDT_HALF : GPA_IDT, 0x1122334455667788};
    host_load(library);
    struct guest *guest = guest_create(GLUE_PUSHES, 1, 0);
    guest_start(guest);
    store_prepare(guest, &store);
    uint64_t start = clock_now();
    INTRO_ACTION action = store_exit(guest, &store);
    uint64_t end = clock_now();
    if (action != (outside ? introGuestAllowed : introGuestNotAllowed) || host_alerts != (outside ? 0 : 1))
        host_fail("the first exit did not come out as it should");
    printf("first_%s %llu\n", kind, (unsigned long long)(end - start));
}
