using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Vectors;

/// <summary>VPSCATTERDD, VSCATTERQPD and their like: elements of a register go to addresses that another one indexes, in their order;
/// those that the mask leaves out stay, and the mask is cleared.</summary>
internal static class ScatterStores
{
    /// <param name="context">The instruction.</param>
    /// <param name="indexSize">Bytes of an index.</param>
    public static bool Emulate(ref EmulationContext context, int indexSize)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        Register data = instruction.Op1Register;
        Register index = instruction.MemoryIndex;
        int size = instruction.MemorySize.GetSize();
        Span<byte> values = stackalloc byte[64];
        Span<byte> indexes = stackalloc byte[64];
        if (instruction.OpMask == Register.None || size is not (4 or 8) || !context.TryVector(data, values) ||
            !context.TryVector(index, indexes) || !context.TryElementMask(out ulong elements) ||
            !context.TryOffset(out ulong offset, out int addressSize))
        {
            return false;
        }

        int count = Math.Min(data.GetSize() / size, index.GetSize() / indexSize);
        Span<byte> bytes = context.BeginRuns(0, count * size);
        values[..bytes.Length].CopyTo(bytes);
        for (int i = 0; i < count; i++)
        {
            if ((elements & (1UL << i)) == 0)
                continue;
            long number = indexSize == sizeof(int)
                ? BitConverter.ToInt32(indexes[(i * indexSize)..])
                : BitConverter.ToInt64(indexes[(i * indexSize)..]);
            ulong at = (offset + ((ulong)number * (ulong)instruction.MemoryIndexScale)) & FlagMath.Mask(addressSize);
            if (!context.TryLinear(instruction.MemorySegment, at, size, isStore: true, out ulong linear))
                return false;
            if (context.Store.RunCount == 0)
                context.Store.Linear = linear;
            context.AddRun(linear, i * size, size);
        }

        if (context.Store.RunCount == 0)
            context.Store.Size = 0;
        return context.State.TrySetMask(instruction.OpMask, 0);
    }
}
