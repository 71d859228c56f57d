using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tests.Differential;

/// <summary>One instruction with all that it may touch, before or after it was executed (struct oracle_case).</summary>
/// <remarks>Long: handled in place, or copied by <see cref="CopyTo"/>, which leaves out what the case does not use.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OracleCase
{
    public const int WindowSize = 4096;
    public const int AreaSize = 2816;
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

    public int Bits;

    /// <summary>1: extended state matters.</summary>
    public int UsesState;

    /// <summary>ES CS SS DS FS GS, for 16-bit code.</summary>
    public fixed ushort Selectors[6];

    /// <summary>The part of the window that the case uses.</summary>
    public ushort WindowFirst;

    public ushort WindowLength;

    /// <summary>Extended state in the standard format.</summary>
    public fixed byte Area[AreaSize];

    /// <summary>Memory around the border of two pages.</summary>
    public fixed byte Window[WindowSize];

    /// <summary>The part of the window that the case uses.</summary>
    public static Span<byte> WindowOf(ref OracleCase test) =>
        MemoryMarshal.CreateSpan(ref test.Window[test.WindowFirst], test.WindowLength);

    public static Span<byte> CodeOf(ref OracleCase test) => MemoryMarshal.CreateSpan(ref test.Code[0], test.Length);

    public static Span<byte> AreaOf(ref OracleCase test) => MemoryMarshal.CreateSpan(ref test.Area[0], AreaSize);

    /// <summary>Forgets all but the contents of area and window.</summary>
    public static void Clear(ref OracleCase test) =>
        Unsafe.InitBlock(ref Unsafe.As<OracleCase, byte>(ref test), 0, (uint)HeadSize);

    /// <summary>Copies what the case uses.</summary>
    public static void CopyTo(ref OracleCase from, ref OracleCase to)
    {
        Unsafe.CopyBlock(ref Unsafe.As<OracleCase, byte>(ref to), ref Unsafe.As<OracleCase, byte>(ref from), (uint)HeadSize);
        if (from.UsesState != 0)
            AreaOf(ref from).CopyTo(AreaOf(ref to));
        WindowOf(ref from).CopyTo(WindowOf(ref to));
    }

    private static int HeadSize => sizeof(OracleCase) - AreaSize - WindowSize;
}
