using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>INT3.</summary>
internal readonly unsafe struct BreakpointExit : IExit
{
    /// <inheritdoc/>
    public static VcpuStateKind Kind => VcpuStateKind.Breakpoint;

    /// <inheritdoc/>
    public static IntStatus BadVcpu => IntStatus.InvalidParameter3;

    /// <inheritdoc/>
    public static string Name => "IntHandleBreakpoint";

    /// <inheritdoc/>
    public IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action)
    {
        action = IntroAction.Allowed;
        return guest.Breakpoint(vcpu);
    }
}
