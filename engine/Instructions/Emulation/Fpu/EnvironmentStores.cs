using System;
using Engine.Instructions.Emulation.State;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Fpu;

/// <summary>
/// FNSTCW, FNSTSW, FNSTENV, FNSAVE (SDM 1, 8.1.10). Environments in the formats of protected mode; those of real mode are not
/// emulated. Selectors of code and data are 0: an XSAVE area of 64-bit code has none, and newer processors save none.
/// </summary>
internal static class EnvironmentStores
{
    /// <summary>What stands in the upper halves of 32-bit fields with 16 bits.</summary>
    private const uint Reserved = 0xFFFF_0000;

    private const int TagZero = 1;
    private const int TagSpecial = 2;
    private const int TagEmpty = 3;

    /// <summary>FNSTCW and FNSTSW.</summary>
    public static bool StoreWord(ref EmulationContext context)
    {
        Span<byte> state = stackalloc byte[FpuImage.ByteSize];
        if (!context.MayUseFpu || !context.State.TryReadFpu(state) || !context.TryTarget(sizeof(ushort)))
            return false;
        FpuImage image = new(state);
        return context.Give(context.Instruction.Mnemonic == Mnemonic.Fnstcw ? image.Control : image.Status);
    }

    /// <summary>FNSTENV, which masks all exceptions, and FNSAVE, which saves the registers as well and ends as FNINIT does.</summary>
    public static bool StoreEnvironment(ref EmulationContext context)
    {
        Span<byte> state = stackalloc byte[FpuImage.ByteSize];
        bool saves = context.Instruction.Mnemonic == Mnemonic.Fnsave;
        bool isWide = context.Instruction.Code is Code.Fnstenv_m28byte or Code.Fnsave_m108byte;
        if (!context.MayUseFpu || !context.IsProtectedMode || !context.State.TryReadFpu(state) ||
            !context.TryLinearOperand(context.OperandSize, out ulong linear))
        {
            return false;
        }

        FpuImage image = new(state);
        Span<byte> bytes = context.BeginRuns(linear, context.OperandSize);
        bytes.Clear();
        int length = isWide ? PutWide(bytes, in image) : PutNarrow(bytes, in image);
        if (saves)
        {
            for (int i = 0; i < 8; i++)
                image.St(i)[..FpuImage.RegisterBytes].CopyTo(bytes[(length + (i * FpuImage.RegisterBytes))..]);
            image.Initialize();
        }
        else
        {
            image.Control |= FpuExceptions.All;
            image.Status &= FpuExceptions.NotPending;
        }

        context.AddRun(linear, 0, bytes.Length);
        return context.State.TrySetFpu(state);
    }

    private static int PutWide(Span<byte> bytes, in FpuImage image)
    {
        BitConverter.TryWriteBytes(bytes, image.Control | Reserved);
        BitConverter.TryWriteBytes(bytes[4..], image.Status | Reserved);
        BitConverter.TryWriteBytes(bytes[8..], FullTags(in image) | Reserved);
        BitConverter.TryWriteBytes(bytes[12..], (uint)image.InstructionPointer);
        BitConverter.TryWriteBytes(bytes[16..], (uint)image.Opcode << 16);
        BitConverter.TryWriteBytes(bytes[20..], (uint)image.DataPointer);
        BitConverter.TryWriteBytes(bytes[24..], Reserved);
        return 28;
    }

    private static int PutNarrow(Span<byte> bytes, in FpuImage image)
    {
        BitConverter.TryWriteBytes(bytes, image.Control);
        BitConverter.TryWriteBytes(bytes[2..], image.Status);
        BitConverter.TryWriteBytes(bytes[4..], (ushort)FullTags(in image));
        BitConverter.TryWriteBytes(bytes[6..], (ushort)image.InstructionPointer);
        BitConverter.TryWriteBytes(bytes[10..], (ushort)image.DataPointer);
        return 14;
    }

    /// <summary>Two bits a register: valid, zero, special, empty.</summary>
    private static uint FullTags(in FpuImage image)
    {
        uint tags = 0;
        for (int i = 0; i < 8; i++)
        {
            FpuNumber number = new(image.St(i));
            int tag = image.IsEmpty(i) ? TagEmpty : number.IsZero ? TagZero : number.IsSpecial ? TagSpecial : 0;
            tags |= (uint)tag << (2 * ((image.Top + i) & 7));
        }

        return tags;
    }
}
