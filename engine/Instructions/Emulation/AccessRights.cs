using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Instructions.Emulation;

/// <summary>
/// Translates an address for an access that the engine makes in an instruction's place, and refuses what the processor would
/// refuse (SDM 3A, 4.6), or would note in the paging entries, or what cannot be told from the record.
/// </summary>
internal static unsafe class AccessRights
{
    private const ulong Cr0WriteProtect = 1 << 16;
    private const ulong Cr4Smap = 1 << 21;
    private const ulong Cr4UserKeys = 1 << 22;
    private const ulong Cr4SupervisorKeys = 1 << 24;
    private const uint UserLevel = 3;

    /// <summary>Finds the guest-physical address of one byte. False: no such access.</summary>
    public static bool TryTranslate(
        GuestMemory memory, in PagingContext paging, VcpuState* vcpu, ulong linear, AccessKind kind, out ulong physical)
    {
        if (!RightsWalk.TryTranslate(memory, in paging, linear, out physical, out PageRights rights))
            return false;
        if (paging.Mode == PagingMode.None)
            return true;
        if (kind != AccessKind.Look && !rights.IsAccessed)
            return false;
        if (kind == AccessKind.Store && !(rights.IsDirty && (rights.IsWritable || MayIgnoreReadOnly(vcpu))))
            return false;

        // A key that is not 0 may forbid the access, and the register that says so is not in the record.
        ulong keys = rights.IsUser ? Cr4UserKeys : Cr4SupervisorKeys;
        if (rights.Key != 0 && (vcpu->Regs.Cr4 & keys) != 0)
            return false;

        return vcpu->Cpl == UserLevel
            ? rights.IsUser
            : !rights.IsUser || (vcpu->Regs.Cr4 & Cr4Smap) == 0 || MayTouchUserPages(vcpu);
    }

    private static bool MayIgnoreReadOnly(VcpuState* vcpu) => vcpu->Cpl != UserLevel && (vcpu->Regs.Cr0 & Cr0WriteProtect) == 0;

    private static bool MayTouchUserPages(VcpuState* vcpu) =>
        (vcpu->PushedMask & VcpuRegisters.Flags) != VcpuRegisters.None && (vcpu->Regs.Flags & RFlags.Ac) != 0;
}
