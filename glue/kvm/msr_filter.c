// SPDX-License-Identifier: MIT
// KVM's filter of model-specific registers.

#include "msr_filter.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "log.h"
#include "vm.h"

#define RANGE_MSRS 8u /* registers that one range covers at most: one byte of its bitmap */

bool msr_filter_prepare(IntroKvm *vm)
{
    struct kvm_enable_cap reasons = {.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = {KVM_MSR_EXIT_REASON_FILTER}};

    pthread_mutex_init(&vm->msr_filter.lock, NULL);
    return ioctl(vm->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_X86_MSR_FILTER) > 0 && ioctl(vm->vm_fd, KVM_ENABLE_CAP, &reasons) == 0;
}

void msr_filter_dispose(IntroKvm *vm)
{
    pthread_mutex_destroy(&vm->msr_filter.lock);
}

/** Makes the filter of a list: a range for each group of registers that lie together. False: too many groups. */
static bool make_ranges(const MsrList *list, struct kvm_msr_filter *filter, __u8 bitmaps[KVM_MSR_FILTER_MAX_RANGES])
{
    int range = -1;

    *filter = (struct kvm_msr_filter){.flags = KVM_MSR_FILTER_DEFAULT_ALLOW};
    for (DWORD i = 0; i < list->count; i++) {
        DWORD msr = list->msrs[i];

        if (range < 0 || msr - filter->ranges[range].base >= RANGE_MSRS) {
            if (++range == KVM_MSR_FILTER_MAX_RANGES)
                return false;
            bitmaps[range] = 0xFF; // a bit that is set lets the write through
            filter->ranges[range] =
                (struct kvm_msr_filter_range){.flags = KVM_MSR_FILTER_WRITE, .base = msr, .bitmap = &bitmaps[range]};
        }
        filter->ranges[range].nmsrs = msr - filter->ranges[range].base + 1;
        bitmaps[range] &= (__u8) ~(1u << (msr - filter->ranges[range].base));
    }
    return true;
}

/** Gives KVM a list as its filter, and keeps it. With the lock. */
static INTSTATUS set_filter(IntroKvm *vm, const MsrList *list)
{
    __u8 bitmaps[KVM_MSR_FILTER_MAX_RANGES];
    struct kvm_msr_filter filter;
    int result, error;

    if (!make_ranges(list, &filter, bitmaps))
        return INT_STATUS_INSUFFICIENT_RESOURCES;
    // A vCPU takes the new filter when it enters the guest: all of them do that after now.
    gate_close(vm);
    result = ioctl(vm->vm_fd, KVM_X86_SET_MSR_FILTER, &filter);
    error = errno;
    gate_open(vm);
    if (result != 0) {
        log_error("KVM_X86_SET_MSR_FILTER of %u registers failed: %s", list->count, strerror(error));
        return INT_STATUS_NOT_SUPPORTED;
    }
    vm->msr_filter.list = *list;
    return INT_STATUS_SUCCESS;
}

/** The place of a register in a list, or where it belongs. */
static DWORD place_of(const MsrList *list, DWORD msr)
{
    DWORD place = 0;

    while (place < list->count && list->msrs[place] < msr)
        place++;
    return place;
}

static bool is_at(const MsrList *list, DWORD place, DWORD msr)
{
    return place < list->count && list->msrs[place] == msr;
}

/** Puts a register in or takes it out. */
static INTSTATUS change(IntroKvm *vm, DWORD msr, bool enable, BOOLEAN *former)
{
    MsrList list;
    INTSTATUS status = INT_STATUS_SUCCESS;
    DWORD place;

    if (!former)
        return INT_STATUS_INVALID_PARAMETER_3;
    if (!(vm->capabilities & INTROKVM_MSR_WRITES))
        return INT_STATUS_NOT_SUPPORTED;
    pthread_mutex_lock(&vm->msr_filter.lock);
    list = vm->msr_filter.list;
    place = place_of(&list, msr);
    *former = is_at(&list, place, msr);
    if (enable && !*former && list.count == MAX_FILTERED_MSRS) {
        status = INT_STATUS_INSUFFICIENT_RESOURCES;
    } else if (enable != *former) {
        DWORD *at = &list.msrs[place];
        size_t behind = (list.count - place - !enable) * sizeof *at;

        memmove(enable ? at + 1 : at, enable ? at : at + 1, behind);
        if (enable)
            *at = msr;
        list.count += enable ? 1 : -1u;
        status = set_filter(vm, &list);
    }
    pthread_mutex_unlock(&vm->msr_filter.lock);
    return status;
}

INTSTATUS msr_filter_enable(void *guest, DWORD msr, BOOLEAN *former)
{
    return change(guest, msr, true, former);
}

INTSTATUS msr_filter_disable(void *guest, DWORD msr, BOOLEAN *former)
{
    return change(guest, msr, false, former);
}

bool msr_filter_has(IntroKvm *vm, DWORD msr)
{
    bool has;

    pthread_mutex_lock(&vm->msr_filter.lock);
    has = is_at(&vm->msr_filter.list, place_of(&vm->msr_filter.list, msr), msr);
    pthread_mutex_unlock(&vm->msr_filter.lock);
    return has;
}
