using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>
/// Values of registers for the address of a memory operand, taken from a vCPU's record. A register that is not valid there has no
/// value, and then the operand has no address.
/// </summary>
internal sealed unsafe class RegisterValues : IVATryGetRegisterValueProvider
{
    /// <summary>The record to read from; set before each use.</summary>
    public VcpuState* Vcpu { get; set; }

    /// <inheritdoc/>
    public bool TryGetRegisterValue(Register register, int elementIndex, int elementSize, out ulong value)
    {
        value = 0;
        if (register is >= Register.ES and <= Register.GS)
            return TryGetSegmentBase(register, out value);
        if (!register.IsGPR())
            return false;

        int number = register.GetFullRegister() - Register.RAX;
        if (((ulong)Vcpu->PushedMask & (1UL << number)) == 0)
            return false;

        ulong full = Unsafe.Add(ref Vcpu->Regs.Rax, number);
        value = register.GetSize() switch
        {
            8 => full,
            4 => (uint)full,
            2 => (ushort)full,
            _ => register is >= Register.AH and <= Register.BH ? (byte)(full >> 8) : (byte)full,
        };
        return true;
    }

    private bool TryGetSegmentBase(Register register, out ulong value)
    {
        // In 64-bit code the bases of ES, CS, SS and DS count as 0 (SDM 1, 3.4.2.1).
        value = 0;
        if (Vcpu->CsType == IgCsType.Bits64 && register < Register.FS)
            return true;
        if ((Vcpu->PushedMask & VcpuRegisters.Segments) == VcpuRegisters.None)
            return false;

        value = Vcpu->Segments[SegmentIndex(register)].Base;
        return true;
    }

    /// <summary>Place of a segment register in the record, whose order is CS SS DS ES FS GS, and Iced's ES CS SS DS FS GS.</summary>
    internal static int SegmentIndex(Register register) => register switch
    {
        Register.ES => 3,
        Register.FS => 4,
        Register.GS => 5,
        _ => register - Register.CS,
    };
}
