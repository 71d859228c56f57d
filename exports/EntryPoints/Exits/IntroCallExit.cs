using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>VMCALL.</summary>
internal readonly unsafe struct IntroCallExit : IExit
{
    /// <inheritdoc/>
    public static VcpuStateKind Kind => VcpuStateKind.Vmcall;

    /// <inheritdoc/>
    public static IntStatus BadVcpu => IntStatus.InvalidParameter3;

    /// <inheritdoc/>
    public static string Name => "IntHandleIntroCall";

    /// <inheritdoc/>
    public IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action)
    {
        action = IntroAction.Allowed;
        return guest.IntroCall(vcpu);
    }
}
