namespace Engine.Instructions.Emulation.State;

/// <summary>Bits of the x87 status word (SDM 1, 8.1.3); the six lowest are those of the control word's masks, and of MXCSR, too.</summary>
internal static class FpuExceptions
{
    /// <summary>Invalid operation.</summary>
    public const int Invalid = 1;

    /// <summary>Denormal operand.</summary>
    public const int Denormal = 1 << 1;

    /// <summary>Numeric overflow.</summary>
    public const int Overflow = 1 << 3;

    /// <summary>Numeric underflow.</summary>
    public const int Underflow = 1 << 4;

    /// <summary>Inexact result.</summary>
    public const int Precision = 1 << 5;

    /// <summary>All six.</summary>
    public const int All = 63;

    /// <summary>The stack was empty or full.</summary>
    public const int StackFault = 1 << 6;

    /// <summary>An exception that is not masked waits.</summary>
    public const int Summary = 1 << 7;

    /// <summary>All of the status word but what says that an exception waits: that bit, and "busy", which repeats it.</summary>
    public const ushort NotPending = 0x7F7F;

    /// <summary>C1: the result was rounded away from zero.</summary>
    public const int RoundedUp = 1 << 9;
}
