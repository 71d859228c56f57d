using System;
using Engine.Instructions.Emulation.State;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Loads;

/// <summary>Moves from memory to vector, mask and MMX registers: SSE forms, which leave what is above 128 bits, and VEX and EVEX forms,
/// which clear what is above the operand; the latter with masks.</summary>
internal static class VectorLoads
{
    private const int XmmBytes = 16;

    /// <summary>A whole register; or a part of one, with zeros up to 128 bits.</summary>
    public static bool Load(ref EmulationContext context, bool isAligned)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        Register to = instruction.Op0Register;
        Span<byte> bytes = stackalloc byte[ExtendedState.VectorBytes];
        int length = Math.Max(size, XmmBytes);
        if (instruction.Op1Kind != OpKind.Memory || size is <= 0 or > ExtendedState.VectorBytes || !context.MayUseVectors)
            return false;

        bytes.Clear();
        return context.TryReadOperand(bytes[..size], isAligned) && TryMask(ref context, bytes, size) &&
            context.State.TrySetVector(to, bytes[..length], clears: instruction.Encoding != EncodingKind.Legacy);
    }

    /// <summary>MOVLPS and MOVHPS and their like: half of 128 bits; the other half is that of the register, or of another one.</summary>
    public static bool LoadHalf(ref EmulationContext context, int at)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        bool isLegacy = instruction.Encoding == EncodingKind.Legacy;
        int memory = isLegacy ? 1 : 2;
        Span<byte> bytes = stackalloc byte[ExtendedState.VectorBytes];
        return instruction.GetOpKind(memory) == OpKind.Memory &&
            context.TryVector(isLegacy ? instruction.Op0Register : instruction.Op1Register, bytes) &&
            context.TryReadOperand(bytes.Slice(at, sizeof(ulong)), isAligned: false) &&
            context.State.TrySetVector(instruction.Op0Register, bytes[..XmmBytes], clears: !isLegacy);
    }

    /// <summary>VBROADCAST and VPBROADCAST of memory: the operand over and over.</summary>
    public static bool Broadcast(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        int length = instruction.Op0Register.GetSize();
        Span<byte> bytes = stackalloc byte[ExtendedState.VectorBytes];
        if (instruction.Op1Kind != OpKind.Memory || size <= 0 || size > length || !context.MayUseVectors ||
            !context.TryReadOperand(bytes[..size], isAligned: false))
        {
            return false;
        }

        for (int i = size; i < length; i += size)
            bytes[..size].CopyTo(bytes[i..]);
        return TryMask(ref context, bytes, length) && context.State.TrySetVector(instruction.Op0Register, bytes[..length], clears: true);
    }

    /// <summary>KMOV from memory.</summary>
    public static bool LoadMask(ref EmulationContext context) =>
        context.Instruction.Op1Kind == OpKind.Memory && context.MayUseVectors &&
        context.TryReadOperand(context.OperandSize, out ulong mask) && context.State.TrySetMask(context.Instruction.Op0Register, mask);

    /// <summary>Gives elements that the mask leaves out their value before, or zero. <paramref name="length"/>: bytes that it is
    /// about; a scalar has one element, and what is above it is zero already.</summary>
    private static bool TryMask(ref EmulationContext context, scoped Span<byte> bytes, int length)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        if (instruction.OpMask == Register.None)
            return true;

        Span<byte> before = stackalloc byte[ExtendedState.VectorBytes];
        if (!context.TryElementMask(out ulong elements) || !context.State.TryReadVector(instruction.Op0Register, before))
            return false;
        int size = instruction.MemorySize.GetElementSize();
        for (int i = 0; i < length / size; i++)
        {
            if ((elements & (1UL << i)) != 0)
                continue;
            Span<byte> element = bytes.Slice(i * size, size);
            if (instruction.ZeroingMasking)
                element.Clear();
            else
                before.Slice(i * size, size).CopyTo(element);
        }

        return true;
    }
}
