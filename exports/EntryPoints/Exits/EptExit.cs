using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>An access to memory whose rights were withdrawn.</summary>
internal readonly unsafe struct EptExit(ulong gpa, ulong gla, EptAccess access) : IExit
{
    private readonly ulong _gpa = gpa;
    private readonly ulong _gla = gla;
    private readonly EptAccess _access = access;

    /// <inheritdoc/>
    public static VcpuStateKind Kind => VcpuStateKind.EptViolation;

    /// <inheritdoc/>
    public static IntStatus BadVcpu => IntStatus.InvalidParameter5;

    /// <inheritdoc/>
    public static string Name => "IntHandleEptViolation";

    /// <inheritdoc/>
    public IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action) =>
        guest.EptViolation(vcpu, _gpa, _gla, _access, out action);
}
