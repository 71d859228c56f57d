using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>A write to a control register.</summary>
internal readonly unsafe struct CrExit(uint cr, ulong oldValue, ulong newValue) : IExit
{
    private readonly uint _cr = cr;
    private readonly ulong _oldValue = oldValue;
    private readonly ulong _newValue = newValue;

    /// <inheritdoc/>
    public static VcpuStateKind Kind => VcpuStateKind.CrWrite;

    /// <inheritdoc/>
    public static IntStatus BadVcpu => IntStatus.InvalidParameter3;

    /// <inheritdoc/>
    public static string Name => "IntHandleCrWrite";

    /// <inheritdoc/>
    public IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action) =>
        guest.CrWrite(vcpu, _cr, _oldValue, _newValue, out action);
}
