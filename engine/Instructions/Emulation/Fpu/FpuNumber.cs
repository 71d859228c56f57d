using System;
using System.Numerics;

namespace Engine.Instructions.Emulation.Fpu;

/// <summary>A number in the 80-bit format of x87 registers, and what kind of number it is (SDM 1, 4.8 and 8.2.2).</summary>
internal readonly struct FpuNumber
{
    private const int Bias = 16383;
    private const int InfiniteExponent = 0x7FFF;
    private const ulong IntegerBit = 1UL << 63;
    private const ulong QuietBit = 1UL << 62;

    private readonly int _exponent;

    /// <summary>Reads the 10 bytes of a register.</summary>
    public FpuNumber(ReadOnlySpan<byte> bytes)
    {
        Significand = BitConverter.ToUInt64(bytes);
        int head = BitConverter.ToUInt16(bytes[8..]);
        IsNegative = (head & 0x8000) != 0;
        _exponent = head & InfiniteExponent;
    }

    public bool IsNegative { get; }

    /// <summary>All 64 bits, of which the highest counts one.</summary>
    public ulong Significand { get; }

    public bool IsZero => _exponent == 0 && Significand == 0;

    public bool IsInfinite => _exponent == InfiniteExponent && Significand == IntegerBit;

    public bool IsNaN => _exponent == InfiniteExponent && (Significand & IntegerBit) != 0 && Significand != IntegerBit;

    public bool IsSignalingNaN => IsNaN && (Significand & QuietBit) == 0;

    /// <summary>Encodings that processors since the 387 refuse: an exponent without the bit that counts one.</summary>
    public bool IsUnsupported => _exponent != 0 && (Significand & IntegerBit) == 0;

    /// <summary>Whether the tag word calls it special: infinite, not a number, unsupported or denormal.</summary>
    public bool IsSpecial => _exponent == InfiniteExponent || (Significand & IntegerBit) == 0 || _exponent == 0;

    /// <summary>Gives a number that is not zero and not special the form significand · 2^exponent with the highest bit set, which
    /// counts one.</summary>
    public void Normalize(out int exponent, out ulong significand)
    {
        int shift = BitOperations.LeadingZeroCount(Significand);
        significand = Significand << shift;
        exponent = Math.Max(_exponent, 1) - Bias - shift;
    }

    /// <summary>
    /// Rounds the magnitude to a whole number. False: it is 2^64 or more. <paramref name="isInexact"/>, <paramref name="goesAway"/>:
    /// as with <see cref="FloatFormat"/>.
    /// </summary>
    public bool TryRound(int direction, out ulong magnitude, out bool isInexact, out bool goesAway)
    {
        magnitude = 0;
        isInexact = false;
        goesAway = false;
        if (IsZero)
            return true;

        Normalize(out int exponent, out ulong significand);
        if (exponent >= 64)
            return false;
        if (exponent == 63)
        {
            magnitude = significand;
            return true;
        }

        int cut = Math.Min(63 - exponent, 65);
        magnitude = cut >= 64 ? 0 : significand >> cut;
        bool half = cut <= 64 && ((significand >> (cut - 1)) & 1) != 0;
        bool sticky = cut > 64 || (significand & ((1UL << (cut - 1)) - 1)) != 0;
        isInexact = half || sticky;
        goesAway = Rounding.GoesAway(direction, IsNegative, (magnitude & 1) != 0, half, sticky);
        magnitude += goesAway ? 1UL : 0;
        return true;
    }
}
