using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>ADD, ADC, SUB, SBB, AND, OR, XOR to memory, with and without LOCK.</summary>
internal static class ArithmeticStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        int size = context.OperandSize;
        return context.Instruction.Op0Kind == OpKind.Memory && context.TryTarget(size) && context.TryReadTarget(out ulong a) &&
            context.TryValue(1, size, out ulong b) && TryCompute(ref context, a, b, size, out ulong result) && context.Give(result);
    }

    /// <summary>The result of the instruction's operation, CMP and TEST included; sets flags.</summary>
    public static bool TryCompute(ref EmulationContext context, ulong a, ulong b, int size, out ulong result)
    {
        result = 0;
        ulong carry = 0;
        Mnemonic mnemonic = context.Instruction.Mnemonic;
        if (mnemonic is Mnemonic.Adc or Mnemonic.Sbb)
        {
            if (!context.TryFlags(out carry))
                return false;
            carry &= RFlags.Cf;
        }

        ulong flags;
        switch (mnemonic)
        {
            case Mnemonic.Add or Mnemonic.Adc:
                result = FlagMath.Add(a, b, carry, size, out flags);
                break;
            case Mnemonic.Sub or Mnemonic.Sbb or Mnemonic.Cmp:
                result = FlagMath.Subtract(a, b, carry, size, out flags);
                break;
            default:
                result = mnemonic is Mnemonic.And or Mnemonic.Test ? a & b : mnemonic == Mnemonic.Or ? a | b : a ^ b;
                flags = FlagMath.SignZeroParity(result, size);
                context.NoteUndefinedFlags();
                break;
        }

        context.SetFlags(RFlags.Arithmetic, flags);
        return true;
    }
}
