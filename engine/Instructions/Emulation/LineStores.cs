using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>MOVDIR64B and CLZERO: 64 bytes at once, to where a register points.</summary>
internal static class LineStores
{
    private const int LineBytes = 64;

    /// <summary>MOVDIR64B: from the memory operand to ES and the register operand, at a multiple of 64.</summary>
    public static bool MoveLine(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        return context.TryGpr(instruction.Op0Register, out ulong to) && context.TryTarget(Register.ES, to, LineBytes) &&
            context.IsAligned(LineBytes) && context.TryOffset(out ulong from, out _) &&
            context.TryLinear(instruction.MemorySegment, from, LineBytes, isStore: false, out ulong source) &&
            context.TryReadSource(source, InstructionEffect.BytesOf(ref context.Store));
    }

    /// <summary>CLZERO: the line that RAX, EAX or AX points into.</summary>
    public static bool ClearLine(ref EmulationContext context)
    {
        Register pointer = context.Instruction.Code switch
        {
            Code.Clzerow => Register.AX, Code.Clzerod => Register.EAX, _ => Register.RAX,
        };
        Register segment = context.Instruction.SegmentPrefix == Register.None ? Register.DS : context.Instruction.SegmentPrefix;
        if (!context.TryGpr(pointer, out ulong offset) || !context.TryLinear(segment, offset, 1, isStore: true, out ulong linear) ||
            !context.TryTarget(segment, offset - (linear & (LineBytes - 1)), LineBytes))
        {
            return false;
        }

        InstructionEffect.BytesOf(ref context.Store).Clear();
        return true;
    }
}
