using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>XCHG, XADD and CMPXCHG with memory. XCHG is atomic without LOCK, too.</summary>
internal static class ExchangeStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;

        // The decoder puts XCHG's memory operand first, whichever way it was written.
        if (instruction.Op0Kind != OpKind.Memory || !context.TryTarget(size) || !context.TryReadTarget(out ulong old) ||
            !context.TryValue(1, size, out ulong source))
        {
            return false;
        }

        switch (instruction.Mnemonic)
        {
            case Mnemonic.Xchg:
                context.Store.IsAtomic = true;
                context.SetGpr(instruction.Op1Register, old);
                return context.Give(source);
            case Mnemonic.Xadd:
                ulong sum = FlagMath.Add(old, source, 0, size, out ulong sumFlags);
                context.SetFlags(RFlags.Arithmetic, sumFlags);
                context.SetGpr(instruction.Op1Register, old);
                return context.Give(sum);
            default:
                return CompareExchange(ref context, old, source, size);
        }
    }

    private static bool CompareExchange(ref EmulationContext context, ulong old, ulong source, int size)
    {
        Register accumulator = size switch { 1 => Register.AL, 2 => Register.AX, 4 => Register.EAX, _ => Register.RAX };
        if (!context.TryGpr(accumulator, out ulong expected))
            return false;

        FlagMath.Subtract(expected, old, 0, size, out ulong flags);
        context.SetFlags(RFlags.Arithmetic, flags);
        if (expected == old)
            return context.Give(source);

        // What does not match is written back as it was.
        context.SetGpr(accumulator, old);
        return context.Give(old);
    }
}
