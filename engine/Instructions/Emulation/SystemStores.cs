using System;
using Engine.Abi;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>SGDT, SIDT and SMSW. Selectors of SLDT and STR are not among the registers that a glue tells; the 16-bit forms of SGDT and
/// SIDT are not emulated, since processors differ in the highest byte of the base.</summary>
internal static class SystemStores
{
    public static bool StoreTable(ref EmulationContext context)
    {
        bool isWide = context.Is64Bit;
        if (context.IsPreventedByUmip || context.Instruction.Code is not (
            Code.Sgdt_m1664 or Code.Sidt_m1664 or Code.Sgdt_m1632 or Code.Sidt_m1632) ||
            !context.TryTables(out IgArchRegs tables) || !context.TryTarget(sizeof(ushort) + (isWide ? sizeof(ulong) : sizeof(uint))))
        {
            return false;
        }

        bool isGdt = context.Instruction.Mnemonic == Mnemonic.Sgdt;
        Span<byte> bytes = InstructionEffect.BytesOf(ref context.Store);
        ulong start = isGdt ? tables.GdtBase : tables.IdtBase;
        BitConverter.TryWriteBytes(bytes, (ushort)(isGdt ? tables.GdtLimit : tables.IdtLimit));
        return isWide ? BitConverter.TryWriteBytes(bytes[2..], start) : BitConverter.TryWriteBytes(bytes[2..], (uint)start);
    }

    /// <summary>SMSW to memory stores 16 bits, whatever the operand size is.</summary>
    public static bool StoreMachineStatus(ref EmulationContext context) =>
        context.Instruction.Op0Kind == OpKind.Memory && !context.IsPreventedByUmip && context.TryTarget(sizeof(ushort)) &&
        context.Give(context.Cr0);
}
