using System;
using Engine.Instructions.Emulation.State;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Fpu;

/// <summary>MOVD, MOVQ, MOVNTQ and MASKMOVQ of an MMX register, and loads of one, which is a part of an x87 register (SDM 1, 9.5).</summary>
internal static class MmxStores
{
    private const ulong HighBits = 0x8080_8080_8080_8080;
    private const ulong GatherBits = 0x0102_0408_1020_4080;

    public static bool Emulate(ref EmulationContext context)
    {
        Span<byte> state = stackalloc byte[FpuImage.ByteSize];
        return context.Instruction.Op0Kind == OpKind.Memory && context.TryTarget(context.OperandSize) &&
            TryEnter(ref context, state, context.Instruction.Op1Register, out ulong value) && context.Give(value) &&
            context.State.TrySetFpu(state);
    }

    /// <summary>MOVD and MOVQ from memory: what is above 64 bits becomes ones.</summary>
    public static bool Load(ref EmulationContext context)
    {
        Span<byte> state = stackalloc byte[FpuImage.ByteSize];
        Register to = context.Instruction.Op0Register;
        if (context.Instruction.Op1Kind != OpKind.Memory || !context.TryReadOperand(context.OperandSize, out ulong value) ||
            !TryEnter(ref context, state, to, out _))
        {
            return false;
        }

        Span<byte> register = new FpuImage(state).St(to - Register.MM0);
        BitConverter.TryWriteBytes(register, value);
        register[8..FpuImage.RegisterBytes].Fill(0xFF);
        return context.State.TrySetFpu(state);
    }

    /// <summary>MASKMOVQ, to where RDI points: a byte is stored if the highest bit of the mask's byte is set.</summary>
    public static bool EmulateMasked(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        Span<byte> state = stackalloc byte[FpuImage.ByteSize];
        if (!context.TryImpliedOffset(instruction.Op0Kind, out ulong offset) ||
            !context.TryTarget(instruction.MemorySegment, offset, sizeof(ulong)) ||
            !TryEnter(ref context, state, instruction.Op1Register, out ulong value) ||
            !TryEnter(ref context, state, instruction.Op2Register, out ulong mask))
        {
            return false;
        }

        // The highest bits, gathered in the highest byte of a product whose terms do not meet.
        context.Store.ByteMask = ((mask & HighBits) >> 7) * GatherBits >> 56;
        return context.Give(value) && context.State.TrySetFpu(state);
    }

    /// <summary>Reads a register, and makes of the state what an MMX instruction makes of it.</summary>
    private static bool TryEnter(ref EmulationContext context, scoped Span<byte> state, Register register, out ulong value)
    {
        value = 0;
        if (!register.IsMM() || !context.MayUseFpu || !context.State.TryReadFpu(state))
            return false;
        FpuImage image = new(state);
        if (image.HasPendingException)
            return false;
        image.EnterMmx();
        value = BitConverter.ToUInt64(image.St(register - Register.MM0));
        return true;
    }
}
