using Iced.Intel;

namespace Engine.Instructions.Emulation.Loads;

/// <summary>LODS, SCAS and CMPS: one iteration, with its counter where it repeats.</summary>
internal static class StringLoads
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        int addressSize = StringStores.AddressSizeOf(in instruction);
        if (addressSize == 0 || !StringStores.TryBegin(ref context, addressSize, out ulong count, out ulong step, size))
            return false;
        if (count == 0)
            return true;

        switch (instruction.Mnemonic)
        {
            case Mnemonic.Lodsb or Mnemonic.Lodsw or Mnemonic.Lodsd or Mnemonic.Lodsq:
                if (!context.TryGpr(instruction.Op0Register, out _) ||
                    !TryRead(ref context, Register.SI, instruction.MemorySegment, addressSize, size, step, out ulong loaded))
                {
                    return false;
                }

                context.SetGpr(instruction.Op0Register, loaded);
                break;
            case Mnemonic.Scasb or Mnemonic.Scasw or Mnemonic.Scasd or Mnemonic.Scasq:
                if (!context.TryValue(0, size, out ulong accumulator) ||
                    !TryRead(ref context, Register.DI, Register.ES, addressSize, size, step, out ulong scanned))
                {
                    return false;
                }

                Compare(ref context, accumulator, scanned, size);
                break;
            default:
                if (!TryRead(ref context, Register.DI, Register.ES, addressSize, size, step, out ulong right) ||
                    !TryRead(ref context, Register.SI, instruction.MemorySegment, addressSize, size, step, out ulong left))
                {
                    return false;
                }

                Compare(ref context, left, right, size);
                break;
        }

        return StringStores.TryEnd(ref context, addressSize, count, EndsBy(in instruction, in context));
    }

    /// <summary>Whether REPE or REPNE ends by the comparison that was just made.</summary>
    private static bool EndsBy(in Instruction instruction, in EmulationContext context)
    {
        bool isEqual = (context.Store.Flags & RFlags.Zf) != 0;
        bool compares = (context.Store.ChangedFlags & RFlags.Zf) != 0;
        return compares && (instruction.HasRepnePrefix ? isEqual : !isEqual);
    }

    private static void Compare(ref EmulationContext context, ulong left, ulong right, int size)
    {
        FlagMath.Subtract(left, right, 0, size, out ulong flags);
        context.SetFlags(RFlags.Arithmetic, flags);
    }

    private static bool TryRead(
        ref EmulationContext context, Register pointer, Register segment, int addressSize, int size, ulong step, out ulong value)
    {
        value = 0;
        Register sized = OperandAddressing.Sized(pointer, addressSize);
        if (!context.TryGpr(sized, out ulong from) || !context.TryLinear(segment, from, size, isStore: false, out ulong linear) ||
            !context.TryReadSource(linear, size, out value))
        {
            return false;
        }

        context.SetGpr(sized, from + step);
        return true;
    }
}
