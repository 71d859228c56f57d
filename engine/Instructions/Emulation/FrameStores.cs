using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>Near CALL, and ENTER.</summary>
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
                if (!context.TryReadOperand(size, out target))
                    return false;
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
        if (!context.TryStackPointer(out Register pointer, out ulong top))
            return false;

        // The frame pointer and the new stack pointer have the size of the operand; pushes go by the size of the stack.
        Register framePointer = size switch { 2 => Register.BP, 4 => Register.EBP, _ => Register.RBP };
        int stackSize = pointer.GetSize();
        ulong mask = FlagMath.Mask(stackSize);
        int count = (level + 1) * size;
        ulong bottom = (top - (ulong)count) & mask;
        if (!context.TryGpr(framePointer, out ulong frame) ||
            !context.TryGpr(OperandAddressing.Sized(Register.BP, stackSize), out ulong frameOffset) || bottom + (ulong)count - 1 > mask ||
            !context.TryLinear(Register.SS, bottom, count, isStore: true, out ulong linear))
        {
            return false;
        }

        ulong newFrame = top - (ulong)size;
        Span<byte> bytes = context.BeginRuns(linear, count);
        new ReadOnlySpan<byte>(&frame, size).CopyTo(bytes[(level * size)..]);
        if (level > 1 && !TryCopyFrames(ref context, frameOffset, mask, size, level - 1, bytes))
            return false;
        if (level > 0)
            new ReadOnlySpan<byte>(&newFrame, size).CopyTo(bytes);
        context.AddRun(linear, 0, count);

        // The processor makes sure that the new top of the stack can be written.
        ulong newTop = (bottom - instruction.Immediate16) & mask;
        context.SetGpr(framePointer, newFrame);
        context.SetGpr(pointer, newTop);
        return context.IsStackWritable(newTop, size);
    }

    /// <summary>Copies the frame pointers of the levels above, which lie below the old frame pointer. What of them lies where this
    /// instruction has pushed already is what it has pushed.</summary>
    private static bool TryCopyFrames(
        ref EmulationContext context, ulong frameOffset, ulong mask, int size, int count, Span<byte> bytes)
    {
        ulong lowest = (frameOffset - (ulong)(count * size)) & mask;
        Span<byte> above = stackalloc byte[MaxLevels * sizeof(ulong)];
        above = above[..(count * size)];
        if (lowest + (ulong)above.Length - 1 > mask ||
            !context.TryLinear(Register.SS, lowest, above.Length, isStore: false, out ulong linear) ||
            !context.TryReadSource(linear, above))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            int to = (count - i) * size;
            for (int j = 0; j < size; j++)
            {
                int from = ((count - 1 - i) * size) + j;
                ulong pushed = linear + (ulong)from - context.Store.Linear;
                bytes[to + j] = pushed >= (ulong)(to + size) && pushed < (ulong)bytes.Length ? bytes[(int)pushed] : above[from];
            }
        }

        return true;
    }

    private const int MaxLevels = 31;
}
