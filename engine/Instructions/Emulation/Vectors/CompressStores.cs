using System;
using System.Numerics;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Vectors;

/// <summary>VCOMPRESSPS, VCOMPRESSPD, VPCOMPRESSB, -W, -D, -Q: the elements that the mask lets through, next to each other.</summary>
internal static class CompressStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        Register source = instruction.Op1Register;
        int size = instruction.MemorySize.GetElementSize();
        Span<byte> register = stackalloc byte[64];
        if (instruction.Op0Kind != OpKind.Memory || size == 0 || !context.TryVector(source, register) ||
            !context.TryElementMask(out ulong elements))
        {
            return false;
        }

        int count = source.GetSize() / size;
        elements &= ulong.MaxValue >> (64 - count);
        if (elements == 0)
            return true;
        if (!context.TryTarget(BitOperations.PopCount(elements) * size))
            return false;

        Span<byte> bytes = InstructionEffect.BytesOf(ref context.Store);
        for (int done = 0; elements != 0; elements &= elements - 1, done += size)
            register.Slice(BitOperations.TrailingZeroCount(elements) * size, size).CopyTo(bytes[done..]);
        return true;
    }
}
