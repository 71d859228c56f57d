using System;
using System.Runtime.InteropServices;

namespace Tests.Differential;

/// <summary>One instruction with all that it may touch, before or after it was executed (struct oracle_case).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OracleCase
{
    public const int WindowSize = 512;
    public const int VectorSize = 32;
    public const uint FellThrough = 0;
    public const uint Landed = 1;
    public const uint Fault = 100;
    public const uint Outside = 0x1000;

    /// <summary>General-purpose registers in the order of the encoding.</summary>
    public fixed ulong Gprs[16];

    public ulong Flags;

    /// <summary>How it ended; <see cref="Fault"/> and more: with a fault.</summary>
    public uint Status;

    public int Length;

    public fixed byte Code[16];

    /// <summary>Memory around the border of two pages.</summary>
    public fixed byte Window[WindowSize];

    public fixed byte Ymm[16 * VectorSize];

    public uint Mxcsr;

    public int Bits;

    /// <summary>ES CS SS DS FS GS, for 16-bit code.</summary>
    public fixed ushort Selectors[6];

    public uint Reserved;

    public static Span<byte> WindowOf(ref OracleCase test) => MemoryMarshal.CreateSpan(ref test.Window[0], WindowSize);

    public static Span<byte> CodeOf(ref OracleCase test) => MemoryMarshal.CreateSpan(ref test.Code[0], test.Length);

    public static Span<byte> YmmOf(ref OracleCase test) => MemoryMarshal.CreateSpan(ref test.Ymm[0], 16 * VectorSize);
}
