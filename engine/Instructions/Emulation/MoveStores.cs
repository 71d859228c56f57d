using System.Buffers.Binary;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>MOV of a general-purpose register, an immediate or a segment register; MOVNTI, MOVDIRI; MOVBE.</summary>
internal static class MoveStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        if (instruction.Op0Kind != OpKind.Memory || size > sizeof(ulong) || !context.TryTarget(size))
            return false;

        ulong value;
        if (instruction.Op1Kind == OpKind.Register && instruction.Op1Register.IsSegmentRegister())
            return size == sizeof(ushort) && context.TrySelector(instruction.Op1Register, out value) && context.Give(value);

        if (!context.TryValue(1, size, out value))
            return false;
        if (instruction.Mnemonic == Mnemonic.Movbe)
            value = BinaryPrimitives.ReverseEndianness(value) >> (64 - (8 * size));
        return context.Give(value);
    }
}
