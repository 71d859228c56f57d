/* SPDX-License-Identifier: MIT */
/* Stores by devices, which no vCPU executes. */
#include "drive.h"

#include <pthread.h>
#include <string.h>

static INTRO_ACTION device(struct guest *guest, QWORD gpa, DWORD size, const void *data, INTSTATUS *status)
{
    INTRO_ACTION action = (INTRO_ACTION)0x7777;
    *status = lib.IntHandleDeviceStore(guest, gpa, size, data, &action);
    return action;
}

static const EVENT_EPT_VIOLATION *device_blocked(struct guest *guest, QWORD gpa, DWORD size, const void *data, const char *name)
{
    static const EVENT_EPT_VIOLATION none;
    unsigned alerts = guest->alert_count;
    INTSTATUS status;
    INTRO_ACTION action = device(guest, gpa, size, data, &status);
    bool passed = check(status == INT_STATUS_SUCCESS && action == introGuestNotAllowed && guest->alert_count == alerts + 1, name,
                        "status 0x%08X, action %d, %u alerts", (unsigned)status, (int)action, guest->alert_count - alerts);
    return passed && alerts < GUEST_MAX_ALERTS ? &guest->alerts[alerts] : &none;
}

static void device_allowed(struct guest *guest, QWORD gpa, DWORD size, const void *data, const char *name)
{
    unsigned alerts = guest->alert_count;
    INTSTATUS status;
    INTRO_ACTION action = device(guest, gpa, size, data, &status);
    check((INT_SUCCESS(status) || status == INT_STATUS_NOT_FOUND) && action == introGuestAllowed &&
              guest->alert_count == alerts, name,
          "status 0x%08X, action %d, %u alerts", (unsigned)status, (int)action, guest->alert_count - alerts);
}

static void *device_thread(void *context)
{
    struct guest *guest = context;
    BYTE data[64];
    uintptr_t blocked = 0;
    INTSTATUS status;
    memset(data, 0x3C, sizeof data);
    for (unsigned i = 0; i < 2000; i++) {
        blocked += device(guest, GATE_GPA(i % 240), 64, data, &status) == introGuestNotAllowed;
        if (device(guest, GPA_DATA, 64, data, &status) != introGuestAllowed)
            return NULL;
    }
    return (void *)blocked;
}

void drive_device(void)
{
    struct guest *guest = guest_create(1);
    guest_set_idt(guest, 0, GLA_IDT, 0x7FF);
    if (!CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest with a table of half a frame"))
        return;
    BYTE data[64], same[64];
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (BYTE)~guest->ram[GATE_GPA(14) + i];
    const EVENT_EPT_VIOLATION *event = device_blocked(guest, GATE_GPA(14), 8, data, "a device stores to a gate");
    CHECK_EQ(0xFFFFFFFFu, event->Header.CpuContext.Cpu, "device: no vCPU");
    CHECK_EQ(FALSE, event->Header.CpuContext.Valid, "device: and the alert says that");
    CHECK_EQ(introObjectTypeIdt, event->Victim.Type, "device: victim");
    CHECK_EQ(14, event->Victim.IdtEntry, "device: gate");
    CHECK_EQ(8, event->u.WriteInfo.Size, "device: size");
    CHECK_BYTES(data, event->u.WriteInfo.NewValue, 8, "device: bytes of the store");
    CHECK_BYTES(guest->ram + GATE_GPA(14), event->u.WriteInfo.OldValue, 8, "device: bytes before");
    CHECK_EQ(GPA_IDT, event->PhysicalPage, "device: page");
    CHECK_EQ(16 * 14, event->Offset, "device: offset");
    CHECK_EQ(INTRO_EPT_WRITE, event->Violation, "device: a write");
    CHECK_EQ(introGuestNotAllowed, event->Header.Action, "device: action in the alert");
    event = device_blocked(guest, GATE_GPA(14), 64, data, "64 bytes");
    CHECK_EQ(64, event->u.WriteInfo.Size, "64 bytes: size");
    CHECK_BYTES(data, event->u.WriteInfo.NewValue, 64, "64 bytes: bytes of the store");
    BYTE one = (BYTE)~guest->ram[GATE_GPA(9) + 5];
    event = device_blocked(guest, GATE_GPA(9) + 5, 1, &one, "one byte");
    CHECK_EQ(9, event->Victim.IdtEntry, "one byte: gate");

    memcpy(same, guest->ram + GATE_GPA(14), sizeof same);
    device_allowed(guest, GATE_GPA(14), sizeof same, same, "the bytes that are there");
    device_allowed(guest, GATE_GPA(128), 64, data, "behind the table, in the same frame");
    device_allowed(guest, GPA_DATA, 64, data, "memory that is not guarded");
    device_blocked(guest, GPA_IDT - 60, 64, data, "from the frame before into the table");
    device_blocked(guest, GATE_GPA(128) - 1, 64, data, "from the last byte of the table to behind it");
    memcpy(same, guest->ram + GATE_GPA(127), sizeof same);
    memset(same + 16, 0x99, 48);
    device_allowed(guest, GATE_GPA(127), 64, same, "over the end of the table, changing nothing within");

    /* A device does not wait for a vCPU, nor for another device. */
    pthread_t threads[2];
    void *results[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, device_thread, guest);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], &results[i]);
    guest_set_idt(guest, 0, GLA_IDT, 0x7FF);
    unsigned expected = 0;
    for (unsigned i = 0; i < 2000; i++)
        expected += i % 240 < 128;
    CHECK_EQ(expected, (uintptr_t)results[0], "two devices at once: the verdicts of the first");
    CHECK_EQ(expected, (uintptr_t)results[1], "two devices at once: the verdicts of the second");
    drive_finish(guest);

    guest = group_start(1, OPTION_LOG_ONLY);
    if (guest == NULL)
        return;
    INTSTATUS status;
    INTRO_ACTION action = device(guest, GATE_GPA(14), 8, data, &status);
    CHECK_EQ(introGuestAllowed, action, "device, log-only: allowed");
    if (CHECK_EQ(1, guest->alert_count, "device, log-only: one alert"))
        CHECK_EQ(ALERT_FLAG_BETA, guest->alerts[0].Header.Flags & ~ALERT_FLAG_ASYNC, "device, log-only: flag");
    drive_finish(guest);

    guest = guest_create(1);
    CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, lib.IntHandleDeviceStore(guest, GPA_IDT, 8, data, &action), "device, no guest");
    CHECK_EQ(introGuestAllowed, action, "device, no guest: allowed");
    guest_destroy(guest);
}
