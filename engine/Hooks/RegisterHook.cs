namespace Engine.Hooks;

/// <summary>A hook on writes to one register.</summary>
internal sealed class RegisterHook
{
    public RegisterHook(RegisterKind kind, uint number, IRegisterHookHandler handler)
    {
        Kind = kind;
        Number = number;
        Handler = handler;
    }

    /// <summary>Kind of the register.</summary>
    public RegisterKind Kind { get; }

    /// <summary>Its number.</summary>
    public uint Number { get; }

    /// <summary>Who is asked.</summary>
    public IRegisterHookHandler Handler { get; }
}
