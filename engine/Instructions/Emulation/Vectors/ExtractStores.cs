using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Vectors;

/// <summary>One element or lane of a vector register, chosen by an immediate: PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS, VEXTRACTF128
/// and its like; SSE, VEX and EVEX forms.</summary>
internal static class ExtractStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        Register source = instruction.Op1Register;
        Span<byte> register = stackalloc byte[64];
        if (instruction.Op0Kind != OpKind.Memory || size is <= 0 or > 32 || !context.TryVector(source, register) ||
            !context.TryTarget(size))
        {
            return false;
        }

        int elements = source.GetSize() / size;
        int element = instruction.Immediate8 & (elements - 1);
        register.Slice(element * size, size).CopyTo(InstructionEffect.BytesOf(ref context.Store));
        return context.TryMaskElements();
    }
}
