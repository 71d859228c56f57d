using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>STOS and MOVS: one iteration, with its counter where it repeats.</summary>
internal static class StringStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        int addressSize = AddressSizeOf(in instruction);
        if (addressSize == 0 || !TryBegin(ref context, addressSize, out ulong count, out ulong step, size))
            return false;
        if (count == 0)
            return true;

        Register destination = OperandAddressing.Sized(Register.DI, addressSize);
        if (!context.TryGpr(destination, out ulong to) || !context.TryTarget(Register.ES, to, size))
            return false;

        ulong value;
        if (instruction.Op1Kind == OpKind.Register)
        {
            if (!context.TryValue(1, size, out value))
                return false;
        }
        else
        {
            Register source = OperandAddressing.Sized(Register.SI, addressSize);
            if (!context.TryGpr(source, out ulong from) ||
                !context.TryLinear(instruction.MemorySegment, from, size, isStore: false, out ulong linear) ||
                !context.TryReadSource(linear, size, out value))
            {
                return false;
            }

            context.SetGpr(source, from + step);
        }

        context.SetGpr(destination, to + step);
        return TryEnd(ref context, addressSize, count, endsByResult: false) && context.Give(value);
    }

    /// <summary>Bytes of an address of a string instruction, by either of its operands; 0: it is none.</summary>
    public static int AddressSizeOf(in Instruction instruction)
    {
        for (int i = 0; i < 2; i++)
        {
            int size = instruction.GetOpKind(i) switch
            {
                OpKind.MemoryESRDI or OpKind.MemorySegRSI => 8,
                OpKind.MemoryESEDI or OpKind.MemorySegESI => 4,
                OpKind.MemoryESDI or OpKind.MemorySegSI => 2,
                _ => 0,
            };
            if (size != 0)
                return size;
        }

        return 0;
    }

    /// <summary>Reads how many iterations are left, 1 where it does not repeat, and what pointers change by.</summary>
    public static bool TryBegin(ref EmulationContext context, int addressSize, out ulong count, out ulong step, int size)
    {
        count = 1;
        step = 0;
        if (!context.TryFlags(out ulong flags) || (Repeats(in context) && !context.TryGpr(OperandAddressing.Sized(Register.CX, addressSize), out count)))
            return false;
        step = (flags & RFlags.Df) != 0 ? 0UL - (ulong)size : (ulong)size;
        return true;
    }

    /// <summary>Counts the iteration. <paramref name="endsByResult"/>: none follows, whatever the counter says.</summary>
    public static bool TryEnd(ref EmulationContext context, int addressSize, ulong count, bool endsByResult)
    {
        if (!Repeats(in context))
            return true;
        context.SetGpr(OperandAddressing.Sized(Register.CX, addressSize), count - 1);
        if (count > 1 && !endsByResult)
        {
            context.Store.NextRip = context.Rip;
            context.Store.IsRepeated = true;
        }

        return true;
    }

    private static bool Repeats(in EmulationContext context) =>
        context.Instruction.HasRepPrefix || context.Instruction.HasRepnePrefix;
}
