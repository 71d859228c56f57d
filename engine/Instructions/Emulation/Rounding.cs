namespace Engine.Instructions.Emulation;

/// <summary>Directions of rounding, as the x87 control word (bits 10 and 11) and MXCSR (13 and 14) number them (SDM 1, 4.8.4).
/// </summary>
internal static class Rounding
{
    public const int Nearest = 0;
    public const int Down = 1;
    public const int Up = 2;
    public const int Truncate = 3;

    /// <summary>Whether a magnitude whose rest is not representable becomes the next larger one.</summary>
    /// <param name="direction">The direction.</param>
    /// <param name="isNegative">Sign of the number.</param>
    /// <param name="isOdd">Lowest bit of what is kept.</param>
    /// <param name="half">Highest bit of the rest.</param>
    /// <param name="sticky">Whether any other bit of the rest is set.</param>
    public static bool GoesAway(int direction, bool isNegative, bool isOdd, bool half, bool sticky) => direction switch
    {
        Nearest => half && (sticky || isOdd),
        Down => isNegative && (half || sticky),
        Up => !isNegative && (half || sticky),
        _ => false,
    };

    /// <summary>Whether a result that is too large becomes infinite, and not the largest number.</summary>
    public static bool OverflowsToInfinity(int direction, bool isNegative) =>
        direction == Nearest || direction == (isNegative ? Down : Up);
}
