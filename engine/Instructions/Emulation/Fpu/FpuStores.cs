using System;
using Engine.Instructions.Emulation.State;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Fpu;

/// <summary>
/// FST, FSTP, FIST, FISTP, FISTTP, FBSTP: the top of the x87 stack to memory, in another format (SDM 1, 8.3 and 8.5). An exception
/// that is not masked, or that waits, is left to the processor.
/// </summary>
internal static class FpuStores
{
    private const int RoundingShift = 10;
    private const ulong LargestDecimal = 999_999_999_999_999_999;

    /// <summary>FST and FSTP, FSTP of 80 bits included.</summary>
    public static bool StoreFloat(ref EmulationContext context)
    {
        Span<byte> state = stackalloc byte[FpuImage.ByteSize];
        if (!TryBegin(ref context, state))
            return false;

        FpuImage image = new(state);
        FpuNumber number = new(image.St(0));
        int size = context.OperandSize;
        bool isEmpty = image.IsEmpty(0);
        int exceptions = isEmpty ? FpuExceptions.Invalid | FpuExceptions.StackFault : 0;
        bool goesAway = false;
        bool isTiny = false;
        if (size == FpuImage.RegisterBytes)
        {
            Span<byte> bytes = InstructionEffect.BytesOf(ref context.Store);
            image.St(0)[..size].CopyTo(bytes);
            if (isEmpty)
                GiveIndefinite(bytes);
        }
        else
        {
            FloatFormat format = size == sizeof(uint) ? FloatFormat.Single : FloatFormat.Double;
            context.Give(isEmpty
                ? Indefinite(format)
                : Convert(in number, format, Direction(in image), ref exceptions, out isTiny, out goesAway));
        }

        bool underflows = isTiny && (image.Control & FpuExceptions.Underflow) == 0;
        return !underflows && TryEnd(ref context, state, exceptions, goesAway, context.Instruction.Mnemonic == Mnemonic.Fstp);
    }

    /// <summary>FIST, FISTP and FISTTP.</summary>
    public static bool StoreInteger(ref EmulationContext context)
    {
        Span<byte> state = stackalloc byte[FpuImage.ByteSize];
        if (!TryBegin(ref context, state))
            return false;

        FpuImage image = new(state);
        FpuNumber number = new(image.St(0));
        int bits = 8 * context.OperandSize;
        ulong smallest = 1UL << (bits - 1);
        Mnemonic mnemonic = context.Instruction.Mnemonic;
        int direction = mnemonic == Mnemonic.Fisttp ? Rounding.Truncate : Direction(in image);
        int exceptions = TryWhole(in image, in number, direction, smallest - (number.IsNegative ? 0UL : 1), out ulong magnitude, out bool goesAway);
        context.Give((exceptions & FpuExceptions.Invalid) != 0 ? smallest : number.IsNegative ? 0 - magnitude : magnitude);
        return TryEnd(ref context, state, exceptions, goesAway, mnemonic != Mnemonic.Fist);
    }

    /// <summary>FBSTP: 18 decimal digits, two a byte, and the sign.</summary>
    public static bool StoreDecimal(ref EmulationContext context)
    {
        Span<byte> state = stackalloc byte[FpuImage.ByteSize];
        if (!TryBegin(ref context, state))
            return false;

        FpuImage image = new(state);
        FpuNumber number = new(image.St(0));
        int exceptions = TryWhole(in image, in number, Direction(in image), LargestDecimal, out ulong magnitude, out bool goesAway);
        Span<byte> bytes = InstructionEffect.BytesOf(ref context.Store);
        if ((exceptions & FpuExceptions.Invalid) != 0)
        {
            GiveIndefinite(bytes);
        }
        else
        {
            for (int i = 0; i < FpuImage.RegisterBytes - 1; i++)
            {
                bytes[i] = (byte)((magnitude % 10) | (magnitude / 10 % 10 << 4));
                magnitude /= 100;
            }

            bytes[^1] = number.IsNegative ? (byte)0x80 : (byte)0;
        }

        return TryEnd(ref context, state, exceptions, goesAway, pops: true);
    }

    private static bool TryBegin(ref EmulationContext context, scoped Span<byte> state) =>
        context.MayUseFpu && context.State.TryReadFpu(state) && !new FpuImage(state).HasPendingException &&
        context.TryTarget(context.OperandSize);

    /// <summary>Notes exceptions and rounding, takes the number off the stack, and remembers where this happened.</summary>
    private static bool TryEnd(ref EmulationContext context, scoped Span<byte> state, int exceptions, bool goesAway, bool pops)
    {
        FpuImage image = new(state);
        if ((exceptions & FpuExceptions.All & ~image.Control) != 0)
            return false;
        image.Status = (ushort)((image.Status & ~FpuExceptions.RoundedUp) | exceptions | (goesAway ? FpuExceptions.RoundedUp : 0));
        if (pops)
            image.Pop();
        return context.TrySetFpu(state);
    }

    private static int Direction(in FpuImage image) => (image.Control >> RoundingShift) & 3;

    /// <summary>Rounds to a whole number with a magnitude up to a limit; returns the exceptions.</summary>
    private static int TryWhole(
        in FpuImage image, in FpuNumber number, int direction, ulong limit, out ulong magnitude, out bool goesAway)
    {
        magnitude = 0;
        goesAway = false;
        if (image.IsEmpty(0))
            return FpuExceptions.Invalid | FpuExceptions.StackFault;
        if (number.IsNaN || number.IsInfinite || number.IsUnsupported ||
            !number.TryRound(direction, out magnitude, out bool isInexact, out goesAway) || magnitude > limit)
        {
            goesAway = false;
            return FpuExceptions.Invalid;
        }

        return isInexact ? FpuExceptions.Precision : 0;
    }

    private static ulong Convert(
        in FpuNumber number, FloatFormat format, int direction, ref int exceptions, out bool isTiny, out bool goesAway)
    {
        isTiny = false;
        goesAway = false;
        ulong sign = format.SignOf(number.IsNegative);
        if (number.IsUnsupported)
        {
            exceptions |= FpuExceptions.Invalid;
            return Indefinite(format);
        }

        if (number.IsNaN)
        {
            if (number.IsSignalingNaN)
                exceptions |= FpuExceptions.Invalid;
            return sign | format.QuietNaN(number.Significand & (ulong.MaxValue >> 1));
        }

        if (number.IsInfinite)
            return sign | format.Infinity;
        if (number.IsZero)
            return sign;

        number.Normalize(out int exponent, out ulong significand);
        ulong rounded = format.Round(exponent, significand, number.IsNegative, direction, out int noted, out isTiny, out goesAway);
        exceptions |= noted;
        return sign | rounded;
    }

    /// <summary>What stands for an invalid result: the negative quiet NaN without a payload.</summary>
    private static ulong Indefinite(FloatFormat format) => format.SignOf(isNegative: true) | format.QuietNaN(0);

    /// <summary>The same in 80 bits; as a decimal it is invalid, too.</summary>
    private static void GiveIndefinite(Span<byte> bytes)
    {
        bytes.Clear();
        bytes[7] = 0xC0;
        bytes[8] = 0xFF;
        bytes[9] = 0xFF;
    }
}
