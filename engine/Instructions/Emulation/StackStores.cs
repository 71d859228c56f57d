using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>PUSH, PUSHA, PUSHF, and POP to memory.</summary>
internal static unsafe class StackStores
{
    /// <summary>RF and VM are pushed as 0 (SDM 2B, PUSHF).</summary>
    private const ulong PushedFlags = 0x00FC_FFFF;

    public static bool Emulate(ref EmulationContext context)
    {
        switch (context.Instruction.Mnemonic)
        {
            case Mnemonic.Push:
                return Push(ref context);
            case Mnemonic.Pop:
                return PopToMemory(ref context);
            case Mnemonic.Pusha:
                return PushAll(ref context, Register.AX, sizeof(ushort));
            case Mnemonic.Pushad:
                return PushAll(ref context, Register.EAX, sizeof(uint));
            default:
                // In virtual-8086 mode PUSHF depends on IOPL.
                int size = -context.Instruction.StackPointerIncrement;
                return context.TryFlags(out ulong flags) && (flags & RFlags.Vm) == 0 && context.TryPush(size) &&
                    context.Give(flags & PushedFlags);
        }
    }

    private static bool Push(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = -instruction.StackPointerIncrement;
        ulong value;
        if (instruction.Op0Kind == OpKind.Memory)
        {
            if (!context.TryReadOperand(size, out value))
                return false;
        }
        else if (instruction.Op0Kind == OpKind.Register && instruction.Op0Register.IsSegmentRegister())
        {
            // With 32 bits, processors differ in whether they write the upper half; with 64, zeros are written.
            if (size == sizeof(uint) || !context.TrySelector(instruction.Op0Register, out value))
                return false;
        }
        else if (!context.TryValue(0, size, out value))
        {
            return false;
        }

        return context.TryPush(size) && context.Give(value);
    }

    private static bool PushAll(ref EmulationContext context, Register first, int size)
    {
        if (!context.TryPush(8 * size))
            return false;

        // From the highest address down: AX CX DX BX SP BP SI DI. The stack pointer is the one before.
        Span<byte> bytes = InstructionEffect.BytesOf(ref context.Store);
        for (int i = 0; i < 8; i++)
        {
            if (!context.TryGpr(first + i, out ulong value))
                return false;
            new ReadOnlySpan<byte>(&value, size).CopyTo(bytes[((7 - i) * size)..]);
        }

        return true;
    }

    private static bool PopToMemory(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = instruction.StackPointerIncrement;
        if (instruction.Op0Kind != OpKind.Memory || size is not (2 or 4 or 8) ||
            !context.TryStackPointer(out Register pointer, out ulong from) ||
            !context.TryLinear(Register.SS, from, size, isStore: false, out ulong source) ||
            !context.TryReadSource(source, size, out ulong value) ||
            !context.TryOffset(out ulong offset, out int addressSize))
        {
            return false;
        }

        // An address that is relative to the stack pointer uses its value after the pop.
        if (instruction.MemoryBase.GetFullRegister() == Register.RSP)
            offset = (offset + (ulong)size) & FlagMath.Mask(addressSize);
        if (!context.TryTarget(instruction.MemorySegment, offset, size))
            return false;
        context.SetGpr(pointer, from + (ulong)size);
        return context.Give(value);
    }
}
