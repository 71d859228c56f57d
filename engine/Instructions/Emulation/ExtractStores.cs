using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS, VEXTRACTF128 and VEXTRACTI128 to memory; SSE and VEX forms.</summary>
internal static class ExtractStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        if (instruction.Op0Kind != OpKind.Memory || instruction.Encoding is not (EncodingKind.Legacy or EncodingKind.VEX))
            return false;

        int size = instruction.Mnemonic switch
        {
            Mnemonic.Pextrb or Mnemonic.Vpextrb => 1,
            Mnemonic.Pextrw or Mnemonic.Vpextrw => 2,
            Mnemonic.Pextrd or Mnemonic.Vpextrd or Mnemonic.Extractps or Mnemonic.Vextractps => 4,
            Mnemonic.Pextrq or Mnemonic.Vpextrq => 8,
            Mnemonic.Vextractf128 or Mnemonic.Vextracti128 => 16,
            _ => 0,
        };
        Span<byte> register = stackalloc byte[32];
        Register source = instruction.Op1Register;
        if (size == 0 || !VectorRegisters.TryRead(context.Xsave, source, register) || !context.TryTarget(size))
            return false;

        int elements = source.GetSize() / size;
        int element = instruction.Immediate8 & (elements - 1);
        register.Slice(element * size, size).CopyTo(InstructionEffect.BytesOf(ref context.Store));
        return true;
    }
}
