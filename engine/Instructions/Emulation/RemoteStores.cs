using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>AADD, AAND, AOR, AXOR (RAO-INT), which change no flags, and CMPccXADD: atomic, though they have no LOCK prefix.</summary>
internal static class RemoteStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        int size = context.OperandSize;
        if (!context.TryTarget(size) || !IsAligned(ref context, size) || !context.TryReadTarget(out ulong old) ||
            !context.TryValue(1, size, out ulong source))
        {
            return false;
        }

        context.Store.IsAtomic = true;
        return context.Give(context.Instruction.Mnemonic switch
        {
            Mnemonic.Aadd => (old + source) & FlagMath.Mask(size),
            Mnemonic.Aand => old & source,
            Mnemonic.Aor => old | source,
            _ => old ^ source,
        });
    }

    /// <summary>Compares memory with the first register, adds the second one where the condition holds, and leaves in the first what
    /// was there.</summary>
    public static bool CompareAndAdd(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        if (!context.Is64Bit || !context.TryTarget(size) || !IsAligned(ref context, size) || !context.TryReadTarget(out ulong old) ||
            !context.TryValue(1, size, out ulong expected) || !context.TryValue(2, size, out ulong added))
        {
            return false;
        }

        FlagMath.Subtract(old, expected, 0, size, out ulong flags);
        context.SetFlags(RFlags.Arithmetic, flags);
        context.SetGpr(instruction.Op1Register, old);
        context.Store.IsAtomic = true;
        return context.Give(ConditionStores.Holds(instruction.ConditionCode, flags) ? (old + added) & FlagMath.Mask(size) : old);
    }

    private static bool IsAligned(ref EmulationContext context, int size) => size is 4 or 8 && context.IsAligned(size);
}
