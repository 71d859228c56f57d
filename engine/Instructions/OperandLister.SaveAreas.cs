using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>XSAVE, XRSTOR and their like (SDM 1, 13.7 to 13.14).</content>
internal unsafe ref partial struct OperandLister
{
    /// <summary>Legacy region and header.</summary>
    private const int XsaveHeaderEnd = 576;

    /// <summary>With the upper halves of YMM registers, which come first behind the header in either format.</summary>
    private const int XsaveAvxEnd = 832;

    private const ulong FirstComponents = 3;
    private const ulong AvxComponent = 4;

    /// <summary>
    /// The size is exact for x87, SSE and AVX. Where other components lie depends on the processor: with one of them asked for, it is
    /// that of the whole area that XCR0 enables, which is an upper bound in either format.
    /// </summary>
    private void ListSaveArea()
    {
        Mnemonic mnemonic = _instruction.Mnemonic;
        bool restores = mnemonic is Mnemonic.Xrstor or Mnemonic.Xrstor64 or Mnemonic.Xrstors or Mnemonic.Xrstors64;
        bool isSupervisor = mnemonic is Mnemonic.Xsaves or Mnemonic.Xsaves64 or Mnemonic.Xrstors or Mnemonic.Xrstors64;
        bool readsNothing = isSupervisor || mnemonic is Mnemonic.Xsavec or Mnemonic.Xsavec64;
        OperandAccess access = restores ? OperandAccess.Read : readsNothing ? OperandAccess.Write : OperandAccess.ReadWrite;
        AddNamed(SizeOf(RequestedComponents(), isSupervisor), access, OperandKind.SaveArea);
    }

    /// <summary>Those in EDX:EAX; where they are not known, all.</summary>
    private readonly ulong RequestedComponents() =>
        _at.TryGpr(Register.EAX, out ulong low) && _at.TryGpr(Register.EDX, out ulong high) ? (high << 32) | low : ulong.MaxValue;

    private readonly int SizeOf(ulong requested, bool isSupervisor)
    {
        ulong enabled = (_vcpu->PushedMask & VcpuRegisters.Xcr0) != VcpuRegisters.None ? _vcpu->Xcr0 : ulong.MaxValue;
        ulong user = requested & enabled;
        if ((user & ~(FirstComponents | AvxComponent)) == 0 && (!isSupervisor || (requested & SupervisorComponents) == 0))
            return (user & AvxComponent) != 0 ? XsaveAvxEnd : XsaveHeaderEnd;

        // What the kernel has besides is in no size that the hypervisor tells.
        return isSupervisor && (requested & SupervisorComponents) != 0 ? 0 : XsaveBytes;
    }
}
