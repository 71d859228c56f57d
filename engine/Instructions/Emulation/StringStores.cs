using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>STOS and MOVS: one iteration, with its counter where it repeats.</summary>
internal static class StringStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        int size = context.OperandSize;
        int addressSize = instruction.Op0Kind switch { OpKind.MemoryESRDI => 8, OpKind.MemoryESEDI => 4, OpKind.MemoryESDI => 2, _ => 0 };
        if (addressSize == 0 || !context.TryFlags(out ulong flags))
            return false;

        Register counter = OperandAddressing.Sized(Register.CX, addressSize);
        ulong count = 1;
        bool repeats = instruction.HasRepPrefix || instruction.HasRepnePrefix;
        if (repeats && !context.TryGpr(counter, out count))
            return false;
        if (count == 0)
            return true;

        Register destination = OperandAddressing.Sized(Register.DI, addressSize);
        if (!context.TryGpr(destination, out ulong to) || !context.TryTarget(Register.ES, to, size))
            return false;

        ulong step = (flags & RFlags.Df) != 0 ? 0UL - (ulong)size : (ulong)size;
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
        if (repeats)
        {
            context.SetGpr(counter, count - 1);
            if (count > 1)
            {
                context.Store.NextRip = context.Rip;
                context.Store.IsRepeated = true;
            }
        }

        return context.Give(value);
    }
}
