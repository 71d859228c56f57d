using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>BTS, BTR, BTC of memory. A bit number in a register counts from the operand's first bit, signed, and reaches outside of
/// it (SDM 1, 3.1.1.9, "bit string").</summary>
internal static class BitStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        if (!TryOffset(ref context, size, out ulong offset, out int bit) ||
            !context.TryTarget(instruction.MemorySegment, offset, size) || !context.TryReadTarget(out ulong value))
        {
            return false;
        }

        ulong one = 1UL << bit;
        context.SetFlags(RFlags.Cf, (value >> bit) & 1);
        context.NoteUndefinedFlags();
        return context.Give(instruction.Mnemonic switch
        {
            Mnemonic.Bts => value | one,
            Mnemonic.Btr => value & ~one,
            _ => value ^ one,
        });
    }

    /// <summary>The offset of the operand that holds the bit, and its number there.</summary>
    public static bool TryOffset(ref EmulationContext context, int size, out ulong offset, out int bit)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        offset = 0;
        bit = 0;
        if (instruction.Op0Kind != OpKind.Memory || size is not (2 or 4 or 8) || !context.TryValue(1, size, out ulong number) ||
            !context.TryOffset(out offset, out int addressSize))
        {
            return false;
        }

        bit = (int)number & ((8 * size) - 1);
        if (instruction.Op1Kind == OpKind.Register)
        {
            offset += OperandAddressing.BitDisplacement(number, size);
            offset &= FlagMath.Mask(addressSize);
        }

        return true;
    }
}
