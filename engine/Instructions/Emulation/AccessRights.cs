using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Instructions.Emulation;

/// <summary>
/// Translates an address for an access that the engine makes in an instruction's place, and refuses what the processor would
/// refuse (SDM 3A, 4.6), or would note in the paging entries, or what cannot be told from the record.
/// </summary>
internal static unsafe class AccessRights
{
    private const uint UserLevel = 3;

    /// <summary>Keys other than 0 closed: the register that says so is not in the record.</summary>
    private const uint UnknownKeys = 0xFFFF_FFFC;

    /// <summary>Finds the guest-physical address of one byte. False: no such access.</summary>
    public static bool TryTranslate(
        GuestMemory memory, in PagingContext paging, VcpuState* vcpu, ulong linear, AccessKind kind, out ulong physical)
    {
        IntStatus status = PageWalk.Translate(memory, in paging, linear, out physical, out PageRights rights);
        PageAccess access = new()
        {
            Kind = kind == AccessKind.Store ? PageAccessKind.Write : PageAccessKind.Read,
            IsUser = vcpu->Cpl == UserLevel,
            HasAlignmentCheck = (vcpu->PushedMask & VcpuRegisters.Flags) != VcpuRegisters.None && (vcpu->Regs.Flags & RFlags.Ac) != 0,
            UserKeys = UnknownKeys,
            SupervisorKeys = UnknownKeys,
        };
        return PageFaultCheck.Check(status, in rights, in paging, in access, out _) == PageCheck.Allowed &&
            (kind == AccessKind.Look || paging.Mode == PagingMode.None || rights.IsAccessed) &&
            (kind != AccessKind.Store || rights.IsDirty);
    }
}
