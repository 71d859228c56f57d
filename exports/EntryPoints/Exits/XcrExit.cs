using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>XSETBV.</summary>
internal readonly unsafe struct XcrExit : IExit
{
    /// <inheritdoc/>
    public static VcpuStateKind Kind => VcpuStateKind.XcrWrite;

    /// <inheritdoc/>
    public static IntStatus BadVcpu => IntStatus.InvalidParameter3;

    /// <inheritdoc/>
    public static string Name => "IntHandleXcrWrite";

    /// <inheritdoc/>
    public IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action) =>
        guest.XcrWrite(vcpu, out action);
}
