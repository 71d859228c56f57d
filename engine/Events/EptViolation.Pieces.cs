using Engine.Abi;
using Engine.Hooks;
using Engine.Vcpus;

namespace Engine.Events;

/// <content>Stores that a hypervisor reports piece by piece.</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>
    /// Tells whether this is a further piece of a store that was reported: same instruction, same operand, at the very address
    /// where the piece before ended. The same verdict then holds, and no second alert is raised. A repeated instruction is a new
    /// store each time.
    /// </summary>
    private static bool IsFurtherPiece(VcpuState* vcpu, in FrameAccess access)
    {
        if (vcpu->StoreRip == 0 || access.Store.Size == 0 || vcpu->StoreNext != access.Gla)
            return false;

        // An operand that begins with the earlier piece, or before it, and has this one, has both.
        return vcpu->StoreRip == NotAttributed
            ? access.Store.Linear <= vcpu->StoreGla
            : vcpu->StoreRip == vcpu->Regs.Rip && vcpu->StoreGla == access.Store.Linear && vcpu->StoreSize == (uint)access.Store.Size;
    }

    /// <summary>Remembers a piece that was judged by its bytes alone. Whether its store has others is found out when the next exit is
    /// at the very next address.</summary>
    private static void RememberBytes(VcpuState* vcpu, in FrameAccess access, int rest, IntroAction action)
    {
        vcpu->StoreRip = NotAttributed;
        vcpu->StoreGla = access.Gla;
        vcpu->StoreSize = 0;
        vcpu->StoreAction = action;
        vcpu->StoreNext = access.Gla + (ulong)access.Size + (ulong)rest;
    }

    private static void RememberPiece(VcpuState* vcpu, in FrameAccess access, int rest, IntroAction action)
    {
        ulong next = access.Gla + (ulong)access.Size + (ulong)rest;
        bool further = vcpu->StoreRip != 0 && vcpu->StoreNext == access.Gla;
        if (access.Store.Size == 0 || !(access.Reported || further) || next >= access.Store.Linear + (ulong)access.Store.Size)
        {
            vcpu->StoreRip = 0;
            return;
        }

        vcpu->StoreRip = vcpu->Regs.Rip;
        vcpu->StoreGla = access.Store.Linear;
        vcpu->StoreSize = (uint)access.Store.Size;
        vcpu->StoreAction = action;
        vcpu->StoreNext = next;
    }

    /// <summary>In StoreRip: the instruction of the piece was not looked at. No instruction is there.</summary>
    private const ulong NotAttributed = ulong.MaxValue;
}
