namespace Engine.Instructions.Emulation;

/// <summary>Bits of RFLAGS (SDM 1, 3.4.3).</summary>
internal static class RFlags
{
    /// <summary>Carry.</summary>
    public const ulong Cf = 1;

    /// <summary>Parity of the result's low byte.</summary>
    public const ulong Pf = 1 << 2;

    /// <summary>Carry out of bit 3.</summary>
    public const ulong Af = 1 << 4;

    /// <summary>The result is zero.</summary>
    public const ulong Zf = 1 << 6;

    /// <summary>Sign of the result.</summary>
    public const ulong Sf = 1 << 7;

    /// <summary>A debug exception follows each instruction.</summary>
    public const ulong Tf = 1 << 8;

    /// <summary>String instructions go downwards.</summary>
    public const ulong Df = 1 << 10;

    /// <summary>Signed overflow.</summary>
    public const ulong Of = 1 << 11;

    /// <summary>The next instruction raises no instruction breakpoint.</summary>
    public const ulong Rf = 1 << 16;

    /// <summary>Virtual-8086 mode.</summary>
    public const ulong Vm = 1 << 17;

    /// <summary>Alignment checks; with SMAP: the kernel may touch user pages.</summary>
    public const ulong Ac = 1 << 18;

    /// <summary>The six that arithmetic sets.</summary>
    public const ulong Arithmetic = Cf | Pf | Af | Zf | Sf | Of;
}
