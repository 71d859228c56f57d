using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Vectors;

/// <summary>VPMOVQB and its like: each element made narrower, by cutting it (VPMOV), or to the nearest signed (VPMOVS) or unsigned
/// (VPMOVUS) number.</summary>
internal static class NarrowStores
{
    /// <param name="context">The instruction.</param>
    /// <param name="from">Bytes of an element of the register.</param>
    /// <param name="kind">How it is made narrower.</param>
    public static bool Emulate(ref EmulationContext context, int from, Narrowing kind)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        Register source = instruction.Op1Register;
        int to = instruction.MemorySize.GetElementSize();
        int count = source.GetSize() / from;
        Span<byte> register = stackalloc byte[64];
        if (instruction.Op0Kind != OpKind.Memory || to is not (1 or 2 or 4) || !context.TryVector(source, register) ||
            !context.TryTarget(count * to))
        {
            return false;
        }

        Span<byte> bytes = InstructionEffect.BytesOf(ref context.Store);
        Span<byte> narrow = stackalloc byte[sizeof(ulong)];
        for (int i = 0; i < count; i++)
        {
            BitConverter.TryWriteBytes(narrow, Narrow(register.Slice(i * from, from), to, kind));
            narrow[..to].CopyTo(bytes[(i * to)..]);
        }

        return context.TryMaskElements();
    }

    private static ulong Narrow(ReadOnlySpan<byte> element, int to, Narrowing kind)
    {
        ulong value = element.Length switch
        {
            2 => BitConverter.ToUInt16(element), 4 => BitConverter.ToUInt32(element), _ => BitConverter.ToUInt64(element),
        };
        ulong mask = FlagMath.Mask(to);
        if (kind == Narrowing.Unsigned)
            return Math.Min(value, mask);
        if (kind == Narrowing.Cut)
            return value & mask;

        int unused = 64 - (8 * element.Length);
        long signed = (long)(value << unused) >> unused;
        long largest = (long)(mask >> 1);
        return (ulong)Math.Clamp(signed, -largest - 1, largest) & mask;
    }
}
