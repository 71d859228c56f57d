using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>SHLD and SHRD of memory by an immediate or by CL. A count beyond the operand leaves the result open: not emulated.
/// </summary>
internal static class DoubleShiftStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        int size = context.OperandSize;
        int bits = 8 * size;
        if (size is not (2 or 4 or 8) || !context.TryValue(1, size, out ulong filler) ||
            !ShiftStores.TryBegin(ref context, size, out ulong value, out int count) || count > bits)
        {
            return false;
        }

        if (count == 0)
            return context.Give(value);

        ulong result;
        ulong carry;
        if (context.Instruction.Mnemonic == Mnemonic.Shld)
        {
            carry = (value >> (bits - count)) & 1;
            result = ShiftLeft(value, count) | (filler >> (bits - count));
        }
        else
        {
            carry = (value >> (count - 1)) & 1;
            result = (value >> (count - 1) >> 1) | ShiftLeft(filler, bits - count);
        }

        result &= FlagMath.Mask(size);
        ulong overflow = FlagMath.TopBit(value ^ result, size);
        context.SetFlags(
            RFlags.Arithmetic & ~RFlags.Af, FlagMath.SignZeroParity(result, size) | carry | (overflow * RFlags.Of));
        return context.Give(result);
    }

    /// <summary>A shift by 0 to 64.</summary>
    private static ulong ShiftLeft(ulong value, int count) => count == 64 ? 0 : value << count;
}
