using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Vectors;

/// <summary>Moves of a whole vector register, or of its low or high part, to memory: SSE, VEX and EVEX forms, the latter with masks.
/// </summary>
internal static class VectorStores
{
    /// <summary>Stores from byte <paramref name="first"/> of the register on. <paramref name="isAligned"/>: the processor faults where
    /// the operand is not at a multiple of its size.</summary>
    public static bool Emulate(ref EmulationContext context, int first, bool isAligned)
    {
        int size = context.OperandSize;
        Span<byte> register = stackalloc byte[64];
        if (context.Instruction.Op0Kind != OpKind.Memory || !context.TryVector(context.Instruction.Op1Register, register) ||
            size is <= 0 or > Limits.MaxStoreBytes || first + size > register.Length || !context.TryTarget(size) ||
            (isAligned && !context.IsAligned(size)))
        {
            return false;
        }

        register.Slice(first, size).CopyTo(InstructionEffect.BytesOf(ref context.Store));
        return context.TryMaskElements();
    }

    /// <summary>KMOV of a mask register to memory.</summary>
    public static bool StoreMask(ref EmulationContext context) =>
        context.Instruction.Op0Kind == OpKind.Memory && context.MayUseVectors &&
        context.State.TryReadMask(context.Instruction.Op1Register, out ulong mask) && context.TryTarget(context.OperandSize) &&
        context.Give(mask);

    /// <summary>STMXCSR.</summary>
    public static bool StoreMxcsr(ref EmulationContext context) =>
        context.MayUseVectors && context.State.TryReadMxcsr(out uint mxcsr) && context.TryTarget(sizeof(uint)) && context.Give(mxcsr);
}
