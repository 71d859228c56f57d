using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>CMPXCHG8B and CMPXCHG16B.</summary>
internal static unsafe class WideExchangeStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        bool wide = context.Instruction.Mnemonic == Mnemonic.Cmpxchg16b;
        int half = wide ? sizeof(ulong) : sizeof(uint);
        if (!context.TryTarget(2 * half))
            return false;

        // CMPXCHG16B faults on an unaligned operand.
        ref InstructionEffect store = ref context.Store;
        if ((wide && (store.Linear & 15) != 0) || !context.TryReadTarget() ||
            !context.TryGpr(wide ? Register.RAX : Register.EAX, out ulong expectedLow) ||
            !context.TryGpr(wide ? Register.RDX : Register.EDX, out ulong expectedHigh) ||
            !context.TryGpr(wide ? Register.RBX : Register.EBX, out ulong newLow) ||
            !context.TryGpr(wide ? Register.RCX : Register.ECX, out ulong newHigh))
        {
            return false;
        }

        Span<byte> old = InstructionEffect.OldOf(ref store);
        Span<byte> bytes = InstructionEffect.BytesOf(ref store);
        ulong oldLow = wide ? BitConverter.ToUInt64(old) : BitConverter.ToUInt32(old);
        ulong oldHigh = wide ? BitConverter.ToUInt64(old[half..]) : BitConverter.ToUInt32(old[half..]);
        bool equal = oldLow == expectedLow && oldHigh == expectedHigh;
        context.SetFlags(RFlags.Zf, equal ? RFlags.Zf : 0);
        if (equal)
        {
            Put(bytes, newLow, half);
            Put(bytes[half..], newHigh, half);
            return true;
        }

        old.CopyTo(bytes);
        context.SetGpr(wide ? Register.RAX : Register.EAX, oldLow);
        context.SetGpr(wide ? Register.RDX : Register.EDX, oldHigh);
        return true;
    }

    private static void Put(Span<byte> bytes, ulong value, int size) => new ReadOnlySpan<byte>(&value, size).CopyTo(bytes);
}
