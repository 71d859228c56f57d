namespace Tests.Differential;

/// <summary>What the emulator made of a case.</summary>
internal struct EmulatedCase
{
    /// <summary>Whether it was emulated at all.</summary>
    public bool IsEmulated;

    /// <summary>Whether it stores outside of the window: then the case tells nothing.</summary>
    public bool IsOutside;

    /// <summary>Flags that the architecture leaves open.</summary>
    public ulong UndefinedFlags;

    public ulong NextRip;

    public OracleCase Result;
}
