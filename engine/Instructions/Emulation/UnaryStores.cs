using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>NOT, NEG, INC, DEC of memory, with and without LOCK.</summary>
internal static class UnaryStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        int size = context.OperandSize;
        if (context.Instruction.Op0Kind != OpKind.Memory || !context.TryTarget(size) || !context.TryReadTarget(out ulong a))
            return false;

        ulong flags;
        ulong result;
        switch (context.Instruction.Mnemonic)
        {
            case Mnemonic.Not:
                return context.Give(~a & FlagMath.Mask(size));
            case Mnemonic.Neg:
                result = FlagMath.Subtract(0, a, 0, size, out flags);
                context.SetFlags(RFlags.Arithmetic, flags);
                break;
            case Mnemonic.Inc:
                // INC and DEC leave the carry alone.
                result = FlagMath.Add(a, 1, 0, size, out flags);
                context.SetFlags(RFlags.Arithmetic & ~RFlags.Cf, flags);
                break;
            default:
                result = FlagMath.Subtract(a, 1, 0, size, out flags);
                context.SetFlags(RFlags.Arithmetic & ~RFlags.Cf, flags);
                break;
        }

        return context.Give(result);
    }
}
