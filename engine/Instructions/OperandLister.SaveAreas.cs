using System;
using System.Numerics;
using Engine.Instructions.Emulation.State;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>XSAVE, XRSTOR and their like (SDM 1, 13.7 to 13.14).</content>
internal unsafe ref partial struct OperandLister
{
    /// <summary>x87 and SSE, whose place every area has.</summary>
    private const ulong FirstComponents = 3;

    private void ListSaveArea()
    {
        Mnemonic mnemonic = _instruction.Mnemonic;
        bool restores = mnemonic is Mnemonic.Xrstor or Mnemonic.Xrstor64 or Mnemonic.Xrstors or Mnemonic.Xrstors64;
        bool isSupervisor = mnemonic is Mnemonic.Xsaves or Mnemonic.Xsaves64 or Mnemonic.Xrstors or Mnemonic.Xrstors64;
        bool isCompacted = isSupervisor || mnemonic is Mnemonic.Xsavec or Mnemonic.Xsavec64;
        OperandAccess access = restores ? OperandAccess.Read : isCompacted ? OperandAccess.Write : OperandAccess.ReadWrite;
        ulong requested = RequestedComponents(isSupervisor);

        // What is restored may be of either format, as its header says.
        int size = SizeOf(requested, isCompacted);
        if (restores && !isSupervisor && size != 0)
            size = Math.Max(size, SizeOf(requested, isCompacted: true));
        AddNamed(size, access, OperandKind.SaveArea);
    }

    /// <summary>Those in EDX:EAX that the system has enabled; where that is not known, all that this processor has.</summary>
    private readonly ulong RequestedComponents(bool isSupervisor)
    {
        ulong enabled = PresentComponents(isSupervisor: false);
        if ((_vcpu->PushedMask & VcpuRegisters.Xcr0) != VcpuRegisters.None)
            enabled = _vcpu->Xcr0;
        if (isSupervisor)
            enabled |= _state.TryReadXss(out ulong xss) ? xss : PresentComponents(isSupervisor: true);
        if (_at.TryGpr(Register.EAX, out ulong low) && _at.TryGpr(Register.EDX, out ulong high))
            enabled &= (high << 32) | low;
        return enabled;
    }

    /// <summary>The components that this processor has: those of programs have a place in the standard format, those of the kernel
    /// have none.</summary>
    private readonly ulong PresentComponents(bool isSupervisor)
    {
        ulong present = isSupervisor ? 0 : FirstComponents;
        for (int i = XsaveState.Avx; i < 32; i++)
        {
            if (_state.Layout.SizeOf(i) != 0 && (_state.Layout.OffsetOf(i, 0) < 0) == isSupervisor)
                present |= 1UL << i;
        }

        return present;
    }

    /// <summary>Bytes from the first to the last: legacy region, header, and components. 0: one of them is none of this processor's.
    /// </summary>
    private readonly int SizeOf(ulong components, bool isCompacted)
    {
        int size = XsaveLayout.ExtendedOffset;
        XsaveLayout layout = _state.Layout;
        for (ulong rest = components & ~FirstComponents; rest != 0; rest &= rest - 1)
        {
            int component = BitOperations.TrailingZeroCount(rest);
            int offset = layout.OffsetOf(component, isCompacted ? components | XsaveState.Compacted : 0);
            if (offset < 0)
                return 0;
            size = Math.Max(size, offset + layout.SizeOf(component));
        }

        return size;
    }
}
