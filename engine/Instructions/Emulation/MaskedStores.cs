using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>MASKMOVDQU, VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ: an element is stored if the highest bit of the mask's element
/// is set.</summary>
internal static class MaskedStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        if (instruction.Encoding is not (EncodingKind.Legacy or EncodingKind.VEX))
            return false;

        switch (instruction.Mnemonic)
        {
            case Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu:
                Register pointer = instruction.Op0Kind switch
                {
                    OpKind.MemorySegRDI => Register.RDI,
                    OpKind.MemorySegEDI => Register.EDI,
                    OpKind.MemorySegDI => Register.DI,
                    _ => Register.None,
                };
                return context.TryGpr(pointer, out ulong offset) && context.TryTarget(instruction.MemorySegment, offset, 16) &&
                    Move(ref context, instruction.Op1Register, instruction.Op2Register, 1);
            case Mnemonic.Vmaskmovps or Mnemonic.Vpmaskmovd:
                return instruction.Op0Kind == OpKind.Memory && context.TryTarget(context.OperandSize) &&
                    Move(ref context, instruction.Op2Register, instruction.Op1Register, sizeof(uint));
            case Mnemonic.Vmaskmovpd or Mnemonic.Vpmaskmovq:
                return instruction.Op0Kind == OpKind.Memory && context.TryTarget(context.OperandSize) &&
                    Move(ref context, instruction.Op2Register, instruction.Op1Register, sizeof(ulong));
            default:
                return false;
        }
    }

    private static bool Move(ref EmulationContext context, Register source, Register mask, int elementSize)
    {
        ref InstructionEffect store = ref context.Store;
        Span<byte> values = stackalloc byte[32];
        Span<byte> masks = stackalloc byte[32];
        if (store.Size > values.Length || source.GetSize() != store.Size ||
            !VectorRegisters.TryRead(context.Xsave, source, values) || !VectorRegisters.TryRead(context.Xsave, mask, masks))
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
