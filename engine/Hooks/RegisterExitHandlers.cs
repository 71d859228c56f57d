namespace Engine.Hooks;

/// <summary>Addresses of the functions that the glue is given for exits of registers.</summary>
internal readonly struct RegisterExitHandlers
{
    /// <summary>IntHandleCrWrite.</summary>
    public nint Cr { get; init; }

    /// <summary>IntHandleMsrViolation.</summary>
    public nint Msr { get; init; }

    /// <summary>IntHandleDtrViolation.</summary>
    public nint Dtr { get; init; }

    /// <summary>IntHandleXcrWrite.</summary>
    public nint Xcr { get; init; }
}
