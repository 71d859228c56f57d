using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>SHL (SAL), SHR, SAR of memory by 1, by an immediate, or by CL.</summary>
internal static class ShiftStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        int size = context.OperandSize;
        if (!TryBegin(ref context, size, out ulong value, out int count))
            return false;
        if (count == 0)
            return context.Give(value);

        int bits = 8 * size;
        ulong result;
        ulong carry;
        ulong overflow;
        switch (context.Instruction.Mnemonic)
        {
            case Mnemonic.Shr:
                // The count is at most 63, so that a shift by one less, then by one, never wraps.
                carry = (value >> (count - 1)) & 1;
                result = value >> (count - 1) >> 1;
                overflow = FlagMath.TopBit(value, size);
                break;
            case Mnemonic.Sar:
                long signed = (long)(value << (64 - bits)) >> (64 - bits);
                carry = (ulong)(signed >> (count - 1)) & 1;
                result = (ulong)(signed >> (count - 1) >> 1) & FlagMath.Mask(size);
                overflow = 0;
                break;
            default:
                ulong before = value << (count - 1);
                carry = count > bits ? 0 : FlagMath.TopBit(before, size);
                result = (before << 1) & FlagMath.Mask(size);
                overflow = carry ^ FlagMath.TopBit(result, size);
                break;
        }

        context.SetFlags(
            RFlags.Arithmetic & ~RFlags.Af, FlagMath.SignZeroParity(result, size) | carry | (overflow * RFlags.Of));
        return context.Give(result);
    }

    /// <summary>Reads operand and count, and notes which flags are left open: without a count none changes, and with a count of 1
    /// the overflow is defined.</summary>
    public static bool TryBegin(ref EmulationContext context, int size, out ulong value, out int count)
    {
        value = 0;
        count = 0;
        int countOperand = context.Instruction.OpCount - 1;
        if (context.Instruction.Op0Kind != OpKind.Memory || !context.TryValue(countOperand, 1, out ulong number) ||
            !context.TryTarget(size) || !context.TryReadTarget(out value))
        {
            return false;
        }

        count = (int)number & (size == sizeof(ulong) ? 63 : 31);
        if (count == 0)
            return true;
        context.NoteUndefinedFlags();
        if (count == 1)
            context.Store.UndefinedFlags &= ~RFlags.Of;
        else
            context.Store.UndefinedFlags |= RFlags.Of;
        return true;
    }
}
