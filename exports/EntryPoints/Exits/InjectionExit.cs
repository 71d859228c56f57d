using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>The notice that an event was delivered.</summary>
internal readonly unsafe struct InjectionExit(uint vector, ulong cr2) : IExit
{
    private readonly uint _vector = vector;
    private readonly ulong _cr2 = cr2;

    /// <inheritdoc/>
    public static VcpuStateKind Kind => VcpuStateKind.EventInjection;

    /// <inheritdoc/>
    public static IntStatus BadVcpu => IntStatus.InvalidParameter5;

    /// <inheritdoc/>
    public static string Name => "IntHandleEventInjection";

    /// <inheritdoc/>
    public IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action)
    {
        action = IntroAction.Allowed;
        guest.EventInjection(vcpu, _vector, _cr2);
        return IntStatus.Success;
    }
}
