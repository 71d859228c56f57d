/* SPDX-License-Identifier: MIT */
/* The pinned records of the vCPUs. */
#include "drive.h"

#include <string.h>

void drive_records(void)
{
    struct guest *guest = group_start(3, OPTION_IDT);
    if (guest == NULL)
        return;
    void *base = NULL, *again = NULL;
    DWORD stride = 0, count = 0;
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntGetVcpuRecords(guest, &base, &stride, &count), "IntGetVcpuRecords");
    CHECK(base != NULL && (uintptr_t)base % 64 == 0, "the base is 64-byte aligned");
    CHECK(stride >= sizeof(VCPU_STATE), "the stride holds a record");
    CHECK_EQ(0, stride % 64, "every record is 64-byte aligned");
    CHECK_EQ(3, count, "a record for each vCPU");
    for (unsigned cpu = 0; cpu < count; cpu++) {
        CHECK_EQ(cpu, guest_record(guest, cpu)->Index, "number in the record");
        CHECK_EQ(0, guest_record(guest, cpu)->EventId, "no exit yet");
    }

    QWORD value = 0x4EC04D;
    struct store store = drive_gate_store(guest, 2, 14, &value);
    VCPU_STATE *record = guest_record(guest, 2);
    drive_blocked(guest, &store, "an exit of vCPU 2");
    CHECK_EQ(1, record->EventId, "exits are numbered from 1");
    CHECK_EQ(GATE_GPA(14), record->ExitGpa, "guest-physical address of the exit");
    CHECK_EQ(GATE_GLA(14), record->ExitGla, "linear address of the exit");
    CHECK_EQ(IG_EPT_HOOK_WRITE, record->ExitAccess, "access of the exit");
    CHECK_EQ(8, record->AccessSize, "size of the access");
    CHECK_EQ(GATE_GPA(14), record->Gpa, "guest-physical address of the piece");
    CHECK_EQ(GATE_GLA(14), record->Gla, "linear address of the piece");
    CHECK_EQ(vcpuStateActive, record->State, "state between two exits");
    CHECK_EQ(3, record->Instruction.Length, "length of the instruction");
    CHECK_EQ(64, record->Instruction.Bitness, "bitness of the instruction");
    CHECK_EQ(RIP_KERNEL(CODE_MOV8), record->Instruction.Rip, "address of the instruction");
    CHECK_BYTES("\x48\x89\x37", record->Instruction.Bytes, 3, "bytes of the instruction");
    CHECK(record->Instruction.Code != 0 && record->Instruction.Mnemonic != 0, "numbers of the instruction");
    CHECK_EQ(0, record->PushedMask, "PushedMask is cleared");
    CHECK_EQ(0, record->ExitFlags, "ExitFlags are cleared");
    CHECK_EQ(0, guest_record(guest, 0)->EventId, "the records of the others are untouched");
    CHECK_EQ(0, guest_record(guest, 1)->EventId, "the records of the others are untouched");

    WORD mnemonic = record->Instruction.Mnemonic;
    store = drive_gate_store(guest, 2, 15, &value);
    store.rip = RIP_KERNEL(CODE_PUSH);
    guest->cpus[2].regs.Rsp = store.gla + 8;
    drive_blocked(guest, &store, "a push of vCPU 2");
    CHECK_EQ(2, record->EventId, "the second exit");
    CHECK_EQ(1, record->Instruction.Length, "length of the push");
    CHECK(record->Instruction.Mnemonic != mnemonic, "another mnemonic");
    store.rip = GLA_UNMAPPED, value = 0x4EC04E;
    drive_blocked(guest, &store, "an instruction that cannot be read");
    CHECK_EQ(0, record->Instruction.Length, "nothing was decoded");
    CHECK_EQ(3, record->EventId, "the third exit");

    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntGetVcpuRecords(guest, &again, &stride, &count), "IntGetVcpuRecords again");
    CHECK(again == base, "the records stay where they are");
    drive_finish(guest);
}
