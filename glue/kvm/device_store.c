// SPDX-License-Identifier: MIT
// Stores of the VMM's devices, which reach guest memory without KVM.

#include <errno.h>
#include <string.h>

#include "engine.h"
#include "exits.h"
#include "log.h"

#define MAX_PIECE 64u

/** Bytes up to the end of the page, but not more than one question of the engine's takes. */
static size_t piece_of(uint64_t gpa, size_t size)
{
    size_t in_page = PAGE_SIZE - gpa % PAGE_SIZE;

    if (size > in_page)
        size = in_page;
    return size < MAX_PIECE ? size : MAX_PIECE;
}

static bool is_allowed(IntroKvm *vm, uint64_t gpa, const void *data, size_t size)
{
    INTRO_ACTION action = introGuestNotAllowed;
    INTSTATUS status = engine.IntHandleDeviceStore(vm, gpa, (DWORD)size, data, &action);

    COUNT(vm, stores);
    if (!INT_SUCCESS(status))
        log_error_limited("gpa=0x%llx: IntHandleDeviceStore failed: %s; its action is %d", (unsigned long long)gpa,
                          engine.IntStatusToString(status), action);
    // A device cannot be made to try again: Retry drops the store.
    if (store_lands(action))
        return true;
    COUNT(vm, stores_denied);
    return false;
}

int introkvm_device_store(IntroKvm *vm, uint64_t gpa, const void *data, size_t size)
{
    const BYTE *bytes = data;
    bool is_whole = true;

    for (size_t done = 0, part; done < size; done += part) {
        part = piece_of(gpa + done, size - done);
        if (!memory_host(vm, gpa + done, part)) {
            errno = EFAULT;
            return -1;
        }
    }
    for (size_t done = 0, part; done < size; done += part) {
        Region *region = memory_find(vm, gpa + done, part = piece_of(gpa + done, size - done));

        if (!memory_is_guarded(region, gpa + done) || is_allowed(vm, gpa + done, bytes + done, part))
            memory_write(vm, region, gpa + done, bytes + done, part);
        else
            is_whole = false;
    }
    if (is_whole)
        return 0;
    errno = EPERM;
    return -1;
}
