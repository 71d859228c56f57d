using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>ROL, ROR, RCL, RCR of memory by 1, by an immediate, or by CL. They set CF and OF alone.</summary>
internal static class RotateStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        int size = context.OperandSize;
        if (!ShiftStores.TryBegin(ref context, size, out ulong value, out int count))
            return false;
        if (count == 0)
            return context.Give(value);

        return context.Instruction.Mnemonic is Mnemonic.Rol or Mnemonic.Ror
            ? Rotate(ref context, value, count, size)
            : RotateThroughCarry(ref context, value, count, size);
    }

    private static bool Rotate(ref EmulationContext context, ulong value, int count, int size)
    {
        int bits = 8 * size;
        bool left = context.Instruction.Mnemonic == Mnemonic.Rol;
        int steps = count & (bits - 1);
        int leftSteps = left ? steps : bits - steps;
        ulong result = steps == 0 ? value : ((value << leftSteps) | (value >> (bits - leftSteps))) & FlagMath.Mask(size);
        ulong top = FlagMath.TopBit(result, size);
        ulong carry = left ? result & 1 : top;
        ulong overflow = left ? carry ^ top : top ^ FlagMath.TopBit(result << 1, size);
        context.SetFlags(RFlags.Cf | RFlags.Of, carry | (overflow * RFlags.Of));
        return context.Give(result);
    }

    private static bool RotateThroughCarry(ref EmulationContext context, ulong value, int count, int size)
    {
        if (!context.TryFlags(out ulong flags))
            return false;

        ulong carry = flags & RFlags.Cf;
        ulong result = value;
        bool left = context.Instruction.Mnemonic == Mnemonic.Rcl;
        int bits = 8 * size;
        for (int i = count % (bits + 1); i > 0; i--)
        {
            ulong leaving = left ? FlagMath.TopBit(result, size) : result & 1;
            result = left ? ((result << 1) | carry) & FlagMath.Mask(size) : (result >> 1) | (carry << (bits - 1));
            carry = leaving;
        }

        ulong top = FlagMath.TopBit(result, size);
        ulong overflow = left ? carry ^ top : top ^ FlagMath.TopBit(result << 1, size);
        context.SetFlags(RFlags.Cf | RFlags.Of, carry | (overflow * RFlags.Of));
        return context.Give(result);
    }
}
