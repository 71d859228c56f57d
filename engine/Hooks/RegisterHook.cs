using System.Runtime.CompilerServices;
using Engine.Abi;

namespace Engine.Hooks;

/// <summary>A hook on one register.</summary>
internal sealed class RegisterHook
{
    public RegisterHook(RegisterKind kind, uint number, IRegisterHookHandler handler, MsrAccess access, RegisterFilter filter)
    {
        Kind = kind;
        Number = number;
        Handler = handler;
        Access = access;
        Filter = filter;
    }

    /// <summary>Kind of the register.</summary>
    public RegisterKind Kind { get; }

    /// <summary>Its number.</summary>
    public uint Number { get; }

    /// <summary>Who is asked.</summary>
    public IRegisterHookHandler Handler { get; }

    /// <summary>Accesses that it is asked about; of registers that are no model-specific ones, writes.</summary>
    public MsrAccess Access { get; }

    /// <summary>Which changes of the value it waits for.</summary>
    public RegisterFilter Filter { get; }

    /// <summary>Whether it is on this register, for this access.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Is(uint number, MsrAccess access) => Number == number && (Access & access) != MsrAccess.None;
}
