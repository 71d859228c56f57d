using System;
using System.Buffers.Binary;
using Engine.Abi;
using Engine.Memory;

namespace Engine.Vcpus;

/// <content>What the descriptor tables of a vCPU lead to (SDM 3A, chapters 3 and 6).</content>
internal sealed unsafe partial class RegisterAccess
{
    private const ulong EferLma = 1 << 10;
    private const ulong KernelHalf = 1UL << 63;
    private const ulong PcrSelector = 0x30;
    private const int DescriptorBytes = 8;

    /// <summary>Base and limit of the interrupt descriptor table.</summary>
    public IntStatus FindIdt(VcpuState* vcpu, out ulong tableBase, out ushort limit)
    {
        IntStatus status = Ensure(vcpu, VcpuRegisters.Tables);
        (tableBase, limit) = status.IsSuccess() ? (vcpu->Regs.IdtBase, (ushort)vcpu->Regs.IdtLimit) : (0UL, (ushort)0);
        return status;
    }

    /// <summary>Base and limit of the global descriptor table.</summary>
    public IntStatus FindGdt(VcpuState* vcpu, out ulong tableBase, out ushort limit)
    {
        IntStatus status = Ensure(vcpu, VcpuRegisters.Tables);
        (tableBase, limit) = status.IsSuccess() ? (vcpu->Regs.GdtBase, (ushort)vcpu->Regs.GdtLimit) : (0UL, (ushort)0);
        return status;
    }

    /// <summary>Address of the handler that a gate of the interrupt descriptor table names. <see cref="IntStatus.BufferOverflow"/>:
    /// the gate is behind the table's limit; what a page walk answers, if the table cannot be read.</summary>
    public IntStatus ReadIdtHandler(GuestMemory memory, VcpuState* vcpu, byte vector, out ulong handler)
    {
        handler = 0;
        IntStatus status = Ensure(vcpu, VcpuRegisters.Efer | VcpuRegisters.Tables);
        if (!status.IsSuccess())
            return status;

        bool wide = (vcpu->Ia32Efer & EferLma) != 0;
        Span<byte> gate = stackalloc byte[2 * DescriptorBytes];
        gate = gate[..(wide ? 2 * DescriptorBytes : DescriptorBytes)];
        status = ReadTable(memory, vcpu, vcpu->Regs.IdtBase, vcpu->Regs.IdtLimit, (ulong)vector * (ulong)gate.Length, gate);
        if (!status.IsSuccess())
            return status;

        handler = BinaryPrimitives.ReadUInt16LittleEndian(gate) |
            ((ulong)BinaryPrimitives.ReadUInt16LittleEndian(gate[6..]) << 16);
        if (wide)
            handler |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(gate[8..]) << 32;
        return IntStatus.Success;
    }

    /// <summary>
    /// Linear address of the Windows kernel's processor control region. 64-bit: the base of GS, or, in user mode, the one that SWAPGS
    /// keeps; <see cref="IntStatus.NotFound"/>: neither is a kernel's address. 32-bit: base of the descriptor 0x30 of the global table;
    /// <see cref="IntStatus.BufferOverflow"/>: it is behind the limit.
    /// </summary>
    public IntStatus FindKernelPcr(GuestMemory memory, VcpuState* vcpu, out ulong pcr)
    {
        pcr = 0;
        IntStatus status = Ensure(vcpu, VcpuRegisters.Efer);
        if (!status.IsSuccess())
            return status;
        return (vcpu->Ia32Efer & EferLma) != 0 ? FindPcr64(vcpu->Index, out pcr) : FindPcr32(memory, vcpu, out pcr);
    }

    private IntStatus FindPcr64(uint vcpu, out ulong pcr)
    {
        IntStatus status = ReadGsBase(vcpu, out pcr);
        if (status.IsSuccess() && (pcr & KernelHalf) == 0)
            status = ReadKernelGsBase(vcpu, out pcr);
        if (status.IsSuccess() && (pcr & KernelHalf) == 0)
            status = IntStatus.NotFound;
        if (!status.IsSuccess())
            pcr = 0;
        return status;
    }

    private IntStatus FindPcr32(GuestMemory memory, VcpuState* vcpu, out ulong pcr)
    {
        pcr = 0;
        IntStatus status = Ensure(vcpu, VcpuRegisters.Tables);
        if (!status.IsSuccess())
            return status;

        Span<byte> descriptor = stackalloc byte[DescriptorBytes];
        status = ReadTable(memory, vcpu, vcpu->Regs.GdtBase, vcpu->Regs.GdtLimit, PcrSelector, descriptor);
        if (status.IsSuccess())
        {
            pcr = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[2..]) | ((ulong)descriptor[4] << 16) |
                ((ulong)descriptor[7] << 24);
        }

        return status;
    }

    private IntStatus ReadTable(GuestMemory memory, VcpuState* vcpu, ulong tableBase, ulong limit, ulong offset, Span<byte> bytes)
    {
        if (offset + (ulong)bytes.Length - 1 > (ushort)limit)
            return IntStatus.BufferOverflow;
        IntStatus status = Ensure(vcpu, VcpuRegisters.Cr0 | VcpuRegisters.Cr3 | VcpuRegisters.Cr4 | VcpuRegisters.Efer);
        if (!status.IsSuccess())
            return status;

        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        LinearMemory.Read(memory, in paging, tableBase + offset, bytes, out status);
        return status;
    }
}
