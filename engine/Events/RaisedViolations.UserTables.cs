using System;
using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <content>Page walks that could not mark an entry as accessed.</content>
internal sealed unsafe partial class RaisedViolations
{
    private const ulong LeastCr3 = 0x1000;
    private const int TopShift = 39;
    private const ulong IndexMask = 511;

    /// <summary>
    /// The agent has set what the walk wanted in the tables that it sees, the kernel's. Where a process has another top-level table in
    /// user mode (KPTI), its entry is marked as accessed, too.
    /// </summary>
    private IntStatus MarkUserTable(VcpuState* vcpu, in VeCpu page)
    {
        if (Guest is not { } guest || !guest.TryFindUserCr3(vcpu->Regs.Cr3, out ulong userCr3))
            return IntStatus.NotFound;
        if (userCr3 < LeastCr3 || userCr3 == vcpu->Regs.Cr3)
            return IntStatus.Success;

        ulong entry = (userCr3 & PageEntry.AddressMask) + (((page.GuestLinearAddress >> TopShift) & IndexMask) * sizeof(ulong));
        for (int attempt = 0; attempt < Limits.MaxStoreAttempts; attempt++)
        {
            if (!_memory.TryRead(entry, out ulong value))
                return IntStatus.AccessViolation;
            if ((value & PageEntry.Present) == 0 || (value & PageEntry.Accessed) != 0)
                break;
            ulong marked = value | PageEntry.Accessed;
            if (_memory.Exchange(
                    entry, new ReadOnlySpan<byte>(&value, sizeof(ulong)), new ReadOnlySpan<byte>(&marked, sizeof(ulong))) ==
                ExchangeOutcome.Done)
            {
                break;
            }
        }

        return IntStatus.Success;
    }
}
