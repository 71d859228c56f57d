using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>Near CALL, and ENTER with no or one level.</summary>
internal static unsafe class FrameStores
{
    public static bool Emulate(ref EmulationContext context) =>
        context.Instruction.Mnemonic == Mnemonic.Call ? Call(ref context) : Enter(ref context);

    private static bool Call(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = instruction.Code switch
        {
            Code.Call_rel16 or Code.Call_rm16 => sizeof(ushort),
            Code.Call_rel32_32 or Code.Call_rm32 => sizeof(uint),
            Code.Call_rel32_64 or Code.Call_rm64 => sizeof(ulong),
            _ => 0,
        };

        // With shadow stacks the return address goes to a second place, and a branch may have to be tracked.
        if (size == 0 || (size == sizeof(ushort) && context.Is64Bit) || context.HasControlFlowEnforcement)
            return false;

        ulong target;
        switch (instruction.Op0Kind)
        {
            case OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64:
                target = instruction.NearBranchTarget;
                break;
            case OpKind.Register:
                if (!context.TryGpr(instruction.Op0Register, out target))
                    return false;
                break;
            default:
                if (!context.TryOffset(out ulong offset, out _) ||
                    !context.TryLinear(instruction.MemorySegment, offset, size, isStore: false, out ulong linear) ||
                    !context.TryReadSource(linear, size, out target))
                {
                    return false;
                }

                break;
        }

        target &= FlagMath.Mask(size);
        if (!context.IsBranchTarget(target) || !context.TryPush(size))
            return false;
        context.Store.NextRip = target;
        return context.Give((context.Rip + (ulong)instruction.Length) & FlagMath.Mask(size));
    }

    private static bool Enter(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = instruction.Code switch
        {
            Code.Enterw_imm16_imm8 => sizeof(ushort), Code.Enterd_imm16_imm8 => sizeof(uint), _ => sizeof(ulong),
        };
        int level = instruction.Immediate8_2nd & 31;
        if (level > 1 || !context.TryStackPointer(out Register pointer, out ulong top) || pointer.GetSize() != size)
            return false;

        Register framePointer = size switch { 2 => Register.BP, 4 => Register.EBP, _ => Register.RBP };
        if (!context.TryGpr(framePointer, out ulong frame) || !context.TryPush((level + 1) * size))
            return false;

        ulong mask = FlagMath.Mask(size);
        ulong newFrame = (top - (ulong)size) & mask;
        Span<byte> bytes = InstructionEffect.BytesOf(ref context.Store);
        new ReadOnlySpan<byte>(&frame, size).CopyTo(bytes[(level * size)..]);
        if (level == 1)
            new ReadOnlySpan<byte>(&newFrame, size).CopyTo(bytes);
        // The processor makes sure that the new top of the stack can be written.
        ulong newTop = (top - (ulong)((level + 1) * size) - instruction.Immediate16) & mask;
        context.SetGpr(framePointer, newFrame);
        context.SetGpr(pointer, newTop);
        return context.IsStackWritable(newTop, size);
    }
}
