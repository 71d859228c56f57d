using System;
using Engine.Instructions.Emulation.State;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Vectors;

/// <summary>VCVTPS2PH: numbers of 32 bits rounded to 16 (SDM 2C). An exception that is not masked is left to the processor.</summary>
internal static class HalfStores
{
    private const int MasksShift = 7;
    private const int RoundingShift = 13;
    private const uint DenormalsAreZero = 1 << 6;

    /// <summary>Bit of the immediate: the direction is that of MXCSR.</summary>
    private const int UsesMxcsr = 4;

    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int count = context.OperandSize / sizeof(ushort);
        Span<byte> register = stackalloc byte[64];
        if (instruction.Op0Kind != OpKind.Memory || !context.TryVector(instruction.Op1Register, register) ||
            !context.State.TryReadMxcsr(out uint mxcsr) || !context.TryTarget(context.OperandSize) || !context.TryMaskElements())
        {
            return false;
        }

        int immediate = instruction.Immediate8;
        int direction = (immediate & UsesMxcsr) != 0 ? (int)(mxcsr >> RoundingShift) & 3 : immediate & 3;
        Span<byte> bytes = InstructionEffect.BytesOf(ref context.Store);
        int exceptions = 0;
        bool isTiny = false;
        for (int i = 0; i < count; i++)
        {
            if ((context.Store.ByteMask & (1UL << (i * sizeof(ushort)))) == 0)
                continue;
            uint value = BitConverter.ToUInt32(register[(i * sizeof(uint))..]);
            ushort half = Convert(value, direction, (mxcsr & DenormalsAreZero) != 0, ref exceptions, ref isTiny);
            BitConverter.TryWriteBytes(bytes[(i * sizeof(ushort))..], half);
        }

        int masks = (int)(mxcsr >> MasksShift) & FpuExceptions.All;
        if ((exceptions & ~masks) != 0 || (isTiny && (masks & FpuExceptions.Underflow) == 0))
            return false;
        return (mxcsr & (uint)exceptions) == (uint)exceptions || context.State.TrySetMxcsr(mxcsr | (uint)exceptions);
    }

    private static ushort Convert(uint value, int direction, bool denormalsAreZero, ref int exceptions, ref bool isTiny)
    {
        FloatFormat half = FloatFormat.Half;
        bool isNegative = value >> 31 != 0;
        ulong sign = half.SignOf(isNegative);
        int exponent = (int)(value >> 23) & 0xFF;
        uint fraction = value & 0x7F_FFFF;
        if (exponent == 0xFF)
        {
            if (fraction == 0)
                return (ushort)(sign | half.Infinity);
            if ((fraction & 0x40_0000) == 0)
                exceptions |= FpuExceptions.Invalid;
            return (ushort)(sign | half.QuietNaN((ulong)fraction << 40));
        }

        if (exponent == 0)
        {
            if (fraction == 0 || denormalsAreZero)
                return (ushort)sign;
            exceptions |= FpuExceptions.Denormal;
            int shift = System.Numerics.BitOperations.LeadingZeroCount((ulong)fraction);
            ulong normal = half.Round(
                -149 + 63 - shift, (ulong)fraction << shift, isNegative, direction, out int noted, out bool tiny, out _);
            exceptions |= noted;
            isTiny |= tiny;
            return (ushort)(sign | normal);
        }

        ulong significand = (1UL << 63) | ((ulong)fraction << 40);
        ulong result = half.Round(exponent - 127, significand, isNegative, direction, out int also, out bool isSmall, out _);
        exceptions |= also;
        isTiny |= isSmall;
        return (ushort)(sign | result);
    }
}
