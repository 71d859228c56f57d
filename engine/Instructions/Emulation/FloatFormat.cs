namespace Engine.Instructions.Emulation;

/// <summary>A binary floating-point format of the processor (SDM 1, 4.2.2), and how larger numbers are rounded to it.</summary>
/// <param name="ExponentBits">Bits of the exponent.</param>
/// <param name="FractionBits">Bits of the significand that are kept, the leading one not counted.</param>
internal readonly record struct FloatFormat(int ExponentBits, int FractionBits)
{
    public static FloatFormat Half => new(5, 10);

    public static FloatFormat Single => new(8, 23);

    public static FloatFormat Double => new(11, 52);

    private int Bias => (1 << (ExponentBits - 1)) - 1;

    private ulong InfiniteExponent => ((1UL << ExponentBits) - 1) << FractionBits;

    /// <summary>Infinity, without a sign.</summary>
    public ulong Infinity => InfiniteExponent;

    /// <summary>The quiet NaN that keeps the high bits of another's fraction, which lie at the top of 63 bits.</summary>
    public ulong QuietNaN(ulong fraction63) =>
        InfiniteExponent | (1UL << (FractionBits - 1)) | (fraction63 << 1 >> (64 - FractionBits));

    /// <summary>The sign bit.</summary>
    public ulong SignOf(bool isNegative) => isNegative ? 1UL << (ExponentBits + FractionBits) : 0;

    /// <summary>
    /// Rounds significand · 2^exponent to this format; the significand is a fixed-point number whose highest bit, 63, is 1 and counts
    /// one. The result has no sign. <paramref name="exceptions"/>: those that the processor notes if all are masked;
    /// <paramref name="isTiny"/>: the result is below the normal numbers, which is an exception if underflow is not masked;
    /// <paramref name="goesAway"/>: the magnitude became larger.
    /// </summary>
    public ulong Round(
        int exponent, ulong significand, bool isNegative, int direction, out int exceptions, out bool isTiny, out bool goesAway)
    {
        exceptions = 0;
        int cut = 63 - FractionBits;
        ulong result = RoundAt(significand, cut, isNegative, direction, out bool isInexact, out goesAway);
        int rounded = exponent + Bias;
        if (result >> (FractionBits + 1) != 0)
        {
            result >>= 1;
            rounded++;
        }

        // Tiny is what would be below the normal numbers with an exponent without bounds, after rounding.
        isTiny = rounded < 1;
        if (isTiny)
        {
            int more = 1 - (exponent + Bias);
            result = RoundAt(significand, cut + more, isNegative, direction, out isInexact, out goesAway);
            exceptions = isInexact ? State.FpuExceptions.Underflow | State.FpuExceptions.Precision : 0;

            // A number that was rounded up to the smallest normal one has its exponent by that.
            return result;
        }

        if (rounded >= (1 << ExponentBits) - 1)
        {
            exceptions = State.FpuExceptions.Overflow | State.FpuExceptions.Precision;
            goesAway = Rounding.OverflowsToInfinity(direction, isNegative);
            return goesAway ? InfiniteExponent : InfiniteExponent - 1;
        }

        exceptions = isInexact ? State.FpuExceptions.Precision : 0;
        return ((ulong)rounded << FractionBits) | (result & ((1UL << FractionBits) - 1));
    }

    /// <summary>Cuts the lowest bits off, 1 or more, and rounds.</summary>
    private static ulong RoundAt(ulong significand, int cut, bool isNegative, int direction, out bool isInexact, out bool goesAway)
    {
        ulong kept = cut >= 64 ? 0 : significand >> cut;
        bool half = cut <= 64 && ((significand >> (cut - 1)) & 1) != 0;
        bool sticky = cut > 64 ? significand != 0 : (significand & ((1UL << (cut - 1)) - 1)) != 0;
        isInexact = half || sticky;
        goesAway = Rounding.GoesAway(direction, isNegative, (kept & 1) != 0, half, sticky);
        return goesAway ? kept + 1 : kept;
    }
}
