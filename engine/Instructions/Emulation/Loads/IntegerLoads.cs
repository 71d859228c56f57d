using System.Buffers.Binary;
using System.Numerics;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Loads;

/// <summary>Instructions on general-purpose registers that read memory and do not store to it.</summary>
internal static class IntegerLoads
{
    /// <summary>MOV, MOVZX and MOVBE to a register.</summary>
    public static bool Load(ref EmulationContext context)
    {
        int size = context.OperandSize;
        if (!TryRead(ref context, out Register to, out ulong value))
            return false;
        if (context.Instruction.Mnemonic == Mnemonic.Movbe)
            value = BinaryPrimitives.ReverseEndianness(value) >> (64 - (8 * size));
        context.SetGpr(to, value);
        return true;
    }

    /// <summary>MOVSX and MOVSXD.</summary>
    public static bool LoadSigned(ref EmulationContext context)
    {
        int unused = 64 - (8 * context.OperandSize);
        if (!TryRead(ref context, out Register to, out ulong value))
            return false;
        context.SetGpr(to, (ulong)((long)(value << unused) >> unused));
        return true;
    }

    /// <summary>CMOVcc, which reads in any case; with 32 bits the upper half is cleared in any case, too.</summary>
    public static bool LoadConditionally(ref EmulationContext context)
    {
        if (!TryRead(ref context, out Register to, out ulong value) || !context.TryFlags(out ulong flags) ||
            !context.TryGpr(to, out ulong before))
        {
            return false;
        }

        context.SetGpr(to, ConditionStores.Holds(context.Instruction.ConditionCode, flags) ? value : before);
        return true;
    }

    /// <summary>ADD, ADC, SUB, SBB, AND, OR, XOR of a register with memory.</summary>
    public static bool Compute(ref EmulationContext context)
    {
        if (!TryRead(ref context, out Register to, out ulong b) || !context.TryGpr(to, out ulong a) ||
            !ArithmeticStores.TryCompute(ref context, a, b, context.OperandSize, out ulong result))
        {
            return false;
        }

        context.SetGpr(to, result);
        return true;
    }

    /// <summary>CMP and TEST, whichever operand is in memory.</summary>
    public static bool Compare(ref EmulationContext context)
    {
        int size = context.OperandSize;
        bool isFirst = context.Instruction.Op0Kind == OpKind.Memory;
        if (!context.TryReadOperand(size, out ulong read) || !context.TryValue(isFirst ? 1 : 0, size, out ulong other))
            return false;
        return isFirst
            ? ArithmeticStores.TryCompute(ref context, read, other, size, out _)
            : ArithmeticStores.TryCompute(ref context, other, read, size, out _);
    }

    /// <summary>BT.</summary>
    public static bool TestBit(ref EmulationContext context)
    {
        int size = context.OperandSize;
        if (!BitStores.TryOffset(ref context, size, out ulong offset, out int bit) ||
            !context.TryLinear(context.Instruction.MemorySegment, offset, size, isStore: false, out ulong linear) ||
            !context.TryReadSource(linear, size, out ulong value))
        {
            return false;
        }

        context.SetFlags(RFlags.Cf, (value >> bit) & 1);
        context.NoteUndefinedFlags();
        return true;
    }

    /// <summary>POPCNT, LZCNT and TZCNT.</summary>
    public static bool Count(ref EmulationContext context)
    {
        int bits = 8 * context.OperandSize;
        if (!TryRead(ref context, out Register to, out ulong value) || context.Instruction.HasLockPrefix)
            return false;

        Mnemonic mnemonic = context.Instruction.Mnemonic;
        int count = mnemonic switch
        {
            Mnemonic.Popcnt => BitOperations.PopCount(value),
            Mnemonic.Lzcnt => BitOperations.LeadingZeroCount(value) - (64 - bits),
            _ => value == 0 ? bits : BitOperations.TrailingZeroCount(value),
        };
        context.SetGpr(to, (ulong)count);
        if (mnemonic == Mnemonic.Popcnt)
        {
            context.SetFlags(RFlags.Arithmetic, value == 0 ? RFlags.Zf : 0);
            return true;
        }

        context.NoteUndefinedFlags();
        context.SetFlags(RFlags.Zf | RFlags.Cf, (count == 0 ? RFlags.Zf : 0) | (value == 0 ? RFlags.Cf : 0));
        return true;
    }

    /// <summary>Reads the memory operand for an instruction whose first operand is a register.</summary>
    private static bool TryRead(ref EmulationContext context, out Register to, out ulong value)
    {
        to = context.Instruction.Op0Register;
        value = 0;
        return context.Instruction.Op0Kind == OpKind.Register && context.Instruction.Op1Kind == OpKind.Memory && to.IsGPR() &&
            context.TryGpr(to, out _) && context.OperandSize is 1 or 2 or 4 or 8 && context.TryReadOperand(context.OperandSize, out value);
    }
}
