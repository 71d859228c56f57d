using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>An access to a model-specific register.</summary>
internal readonly unsafe struct MsrExit(uint msr, MsrAccess access, ulong oldValue, ulong newValue) : IExit
{
    private readonly uint _msr = msr;
    private readonly MsrAccess _access = access;
    private readonly ulong _oldValue = oldValue;
    private readonly ulong _newValue = newValue;

    /// <inheritdoc/>
    public static VcpuStateKind Kind => VcpuStateKind.MsrViolation;

    /// <inheritdoc/>
    public static IntStatus BadVcpu => IntStatus.InvalidParameter7;

    /// <inheritdoc/>
    public static string Name => "IntHandleMsrViolation";

    /// <inheritdoc/>
    public IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action) =>
        guest.MsrViolation(vcpu, _msr, _access, _oldValue, _newValue, out action);
}
