using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>An instruction that loads or stores a descriptor-table register.</summary>
internal readonly unsafe struct DtrExit(DescriptorAccess access) : IExit
{
    private readonly DescriptorAccess _access = access;

    /// <inheritdoc/>
    public static VcpuStateKind Kind => VcpuStateKind.DtrLoad;

    /// <inheritdoc/>
    public static IntStatus BadVcpu => IntStatus.InvalidParameter3;

    /// <inheritdoc/>
    public static string Name => "IntHandleDtrViolation";

    /// <inheritdoc/>
    public IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action) =>
        guest.DtrViolation(vcpu, _access, out action);
}
