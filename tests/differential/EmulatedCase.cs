namespace Tests.Differential;

/// <summary>What the emulator made of a case.</summary>
internal unsafe struct EmulatedCase
{
    /// <summary>Whether it was emulated at all.</summary>
    public bool IsEmulated;

    /// <summary>Whether it stores outside of the window: then the case tells nothing.</summary>
    public bool IsOutside;

    /// <summary>Whether it has read from the patch buffer.</summary>
    public bool IsPatched;

    /// <summary>Flags that the architecture leaves open.</summary>
    public ulong UndefinedFlags;

    public ulong NextRip;

    /// <summary>The bytes of the window that its operands may write, one bit each.</summary>
    public fixed ulong Writable[OracleCase.WindowSize / 64];

    public OracleCase Result;
}
