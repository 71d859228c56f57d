namespace Engine.Instructions.Emulation.State;

/// <summary>Numbers of the components of extended state (SDM 1, 13.1), and fields of an area's header.</summary>
internal static class XsaveState
{
    /// <summary>x87, the MMX registers with it.</summary>
    public const int X87 = 0;

    /// <summary>XMM0 to XMM15, and MXCSR.</summary>
    public const int Sse = 1;

    /// <summary>Upper halves of YMM0 to YMM15.</summary>
    public const int Avx = 2;

    /// <summary>K0 to K7.</summary>
    public const int Opmask = 5;

    /// <summary>Upper halves of ZMM0 to ZMM15.</summary>
    public const int ZmmHigh = 6;

    /// <summary>ZMM16 to ZMM31.</summary>
    public const int HighZmm = 7;

    /// <summary>Offset of XSTATE_BV: which components are not in their initial state.</summary>
    public const int StateBvOffset = 512;

    /// <summary>Offset of XCOMP_BV: which components a compacted area has room for.</summary>
    public const int CompactionOffset = 520;

    /// <summary>XCOMP_BV: the area is compacted.</summary>
    public const ulong Compacted = 1UL << 63;
}
