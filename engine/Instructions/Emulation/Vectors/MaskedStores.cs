using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Vectors;

/// <summary>MASKMOVDQU, VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ: an element is stored if the highest bit of the mask's element
/// is set.</summary>
internal static class MaskedStores
{
    /// <summary>VMASKMOVPS and its like, whose elements have <paramref name="elementSize"/> bytes.</summary>
    public static bool Emulate(ref EmulationContext context, int elementSize) =>
        context.Instruction.Op0Kind == OpKind.Memory && context.TryTarget(context.OperandSize) &&
        Move(ref context, context.Instruction.Op2Register, context.Instruction.Op1Register, elementSize);

    /// <summary>MASKMOVDQU, to where RDI points.</summary>
    public static bool EmulateImplied(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        return context.TryImpliedOffset(instruction.Op0Kind, out ulong offset) &&
            context.TryTarget(instruction.MemorySegment, offset, 16) &&
            Move(ref context, instruction.Op1Register, instruction.Op2Register, 1);
    }

    private static bool Move(ref EmulationContext context, Register source, Register mask, int elementSize)
    {
        ref InstructionEffect store = ref context.Store;
        Span<byte> values = stackalloc byte[64];
        Span<byte> masks = stackalloc byte[64];
        if (source.GetSize() != store.Size || !context.TryVector(source, values) || !context.TryVector(mask, masks))
        {
            return false;
        }

        ulong stored = 0;
        ulong element = ulong.MaxValue >> (64 - elementSize);
        for (int i = 0; i < store.Size; i += elementSize)
        {
            if ((masks[i + elementSize - 1] & 0x80) != 0)
                stored |= element << i;
        }

        store.ByteMask = stored;
        values[..store.Size].CopyTo(InstructionEffect.BytesOf(ref store));
        return true;
    }
}
