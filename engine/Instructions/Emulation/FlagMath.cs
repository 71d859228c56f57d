using System.Numerics;
using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>Arithmetic on operands of 1, 2, 4 or 8 bytes with the flags that it sets. Operands have no bits beyond their size.</summary>
internal static class FlagMath
{
    /// <summary>The bits of an operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mask(int size) => ulong.MaxValue >> (64 - (8 * size));

    /// <summary>a + b + carry; the result is the sum, and the flags are all six.</summary>
    public static ulong Add(ulong a, ulong b, ulong carry, int size, out ulong flags)
    {
        ulong sum = (a + b + carry) & Mask(size);
        ulong carries = (a & b) | ((a | b) & ~sum);
        flags = SignZeroParity(sum, size) | ((a ^ b ^ sum) & RFlags.Af) | TopBit(carries, size) |
            (TopBit((a ^ sum) & (b ^ sum), size) * RFlags.Of);
        return sum;
    }

    /// <summary>a - b - borrow; the result is the difference, and the flags are all six.</summary>
    public static ulong Subtract(ulong a, ulong b, ulong borrow, int size, out ulong flags)
    {
        ulong difference = (a - b - borrow) & Mask(size);
        ulong borrows = (~a & b) | ((~a | b) & difference);
        flags = SignZeroParity(difference, size) | ((a ^ b ^ difference) & RFlags.Af) | TopBit(borrows, size) |
            (TopBit((a ^ b) & (a ^ difference), size) * RFlags.Of);
        return difference;
    }

    /// <summary>SF, ZF and PF of a result.</summary>
    public static ulong SignZeroParity(ulong result, int size) =>
        (result == 0 ? RFlags.Zf : 0) | (TopBit(result, size) * RFlags.Sf) |
        ((BitOperations.PopCount((byte)result) & 1) == 0 ? RFlags.Pf : 0);

    /// <summary>The highest bit of an operand, as 0 or 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong TopBit(ulong value, int size) => (value >> ((8 * size) - 1)) & 1;

    /// <summary>The decoder's bits for flags as bits of RFLAGS.</summary>
    public static ulong FromDecoder(RflagsBits bits) =>
        ((bits & RflagsBits.CF) != 0 ? RFlags.Cf : 0) | ((bits & RflagsBits.PF) != 0 ? RFlags.Pf : 0) |
        ((bits & RflagsBits.AF) != 0 ? RFlags.Af : 0) | ((bits & RflagsBits.ZF) != 0 ? RFlags.Zf : 0) |
        ((bits & RflagsBits.SF) != 0 ? RFlags.Sf : 0) | ((bits & RflagsBits.OF) != 0 ? RFlags.Of : 0);
}
