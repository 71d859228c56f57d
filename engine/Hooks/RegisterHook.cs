using Engine.Abi;

namespace Engine.Hooks;

/// <summary>A hook on one register.</summary>
internal sealed class RegisterHook
{
    public RegisterHook(RegisterKind kind, uint number, IRegisterHookHandler handler, MsrAccess access)
    {
        Kind = kind;
        Number = number;
        Handler = handler;
        Access = access;
    }

    /// <summary>Kind of the register.</summary>
    public RegisterKind Kind { get; }

    /// <summary>Its number.</summary>
    public uint Number { get; }

    /// <summary>Who is asked.</summary>
    public IRegisterHookHandler Handler { get; }

    /// <summary>Accesses that it is asked about; of registers that are no model-specific ones, writes.</summary>
    public MsrAccess Access { get; }
}
