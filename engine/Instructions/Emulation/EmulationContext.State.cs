using System;
using System.Numerics;
using Engine.Instructions.Emulation.State;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <content>Extended state, and whether the instruction may use it at all (SDM 3A, 2.5; 2A, 2.4 and 2.8).</content>
internal unsafe ref partial struct EmulationContext
{
    private const ulong Cr0Emulation = 1 << 2;
    private const ulong Cr0TaskSwitched = 1 << 3;
    private const ulong EferFastFxsave = 1 << 14;
    private const ulong Cr4OsFxsr = 1 << 9;
    private const ulong Cr4OsXsave = 1 << 18;

    /// <summary>Whether the system lets this vCPU use x87 and MMX.</summary>
    public readonly bool MayUseFpu => (_vcpu->Regs.Cr0 & (Cr0Emulation | Cr0TaskSwitched)) == 0;

    /// <summary>Whether the system has set up XSAVE, and no state waits to be exchanged.</summary>
    public readonly bool MayUseXsave => (_vcpu->Regs.Cr0 & Cr0TaskSwitched) == 0 && (_vcpu->Regs.Cr4 & Cr4OsXsave) != 0;

    /// <summary>Whether the instruction, as it is encoded, may use vector registers.</summary>
    public readonly bool MayUseVectors => Instruction.Encoding switch
    {
        EncodingKind.Legacy => MayUseFpu && (_vcpu->Regs.Cr4 & Cr4OsFxsr) != 0,
        EncodingKind.VEX or EncodingKind.EVEX => MayUseXsave && IsProtectedMode,
        _ => false,
    };

    /// <summary>Whether this is the kernel: CPL 0.</summary>
    public readonly bool IsSupervisor => _vcpu->Cpl == 0;

    /// <summary>Whether segments are described by descriptors: protected mode, virtual-8086 mode not included.</summary>
    public readonly bool IsProtectedMode => _at.IsProtected && (Is64Bit || TryFlags(out _));

    /// <summary>Sets x87 state after an instruction with a memory operand, and remembers it as the last one.</summary>
    public readonly bool TrySetFpu(Span<byte> state)
    {
        FpuImage image = new(state);
        image.InstructionPointer = Rip;
        return State.TrySetFpu(state);
    }

    /// <summary>XMM registers that FXSAVE saves: none for the kernel where EFER.FFXSR is set (AMD's APM 2, 11.4.4).</summary>
    public readonly int SavedXmmRegisters =>
        !Is64Bit ? 8 : (_vcpu->Ia32Efer & EferFastFxsave) != 0 && IsSupervisor ? 0 : 16;

    /// <summary>The components that XSAVE saves at most: XCR0, and with it IA32_XSS for XSAVES.</summary>
    public readonly bool TryXsaveFeatures(bool withSupervisor, out ulong features)
    {
        ulong supervisor = 0;
        features = 0;
        if (!Has(VcpuRegisters.Xcr0) || (withSupervisor && !State.TryReadXss(out supervisor)))
            return false;
        features = _vcpu->Xcr0 | supervisor;
        return true;
    }

    /// <summary>Copies a vector register to the start of <paramref name="bytes"/>, which has room for the longest.</summary>
    public readonly bool TryVector(Register register, Span<byte> bytes) => MayUseVectors && State.TryReadVector(register, bytes);

    /// <summary>The elements that an EVEX instruction's mask lets through, one bit each; all without a mask.</summary>
    public readonly bool TryElementMask(out ulong elements)
    {
        elements = ulong.MaxValue;
        return Instruction.OpMask == Register.None || State.TryReadMask(Instruction.OpMask, out elements);
    }

    /// <summary>Leaves those bytes of the store that the instruction's mask covers, where it has one.</summary>
    public readonly bool TryMaskElements()
    {
        if (!TryElementMask(out ulong elements))
            return false;
        if (Instruction.OpMask == Register.None)
            return true;

        int size = Instruction.MemorySize.GetElementSize();
        ulong one = ulong.MaxValue >> (64 - size);
        ulong bytes = 0;
        for (int i = 0; i < Store.Size / size; i++)
        {
            if ((elements & (1UL << i)) != 0)
                bytes |= one << (i * size);
        }

        Store.ByteMask = bytes;
        return true;
    }

    /// <summary>The last place of the store is at a multiple of its size.</summary>
    public readonly bool IsAligned(int size) => BitOperations.IsPow2(size) && (Store.Linear & (ulong)(size - 1)) == 0;
}
