using Engine.Abi;
using Engine.Memory;

namespace Engine.Vcpus;

/// <summary>Registers of one vCPU at one moment, in the memory of whoever asked for them. Nothing keeps it up to date.</summary>
internal struct VcpuSnapshot
{
    /// <summary>What reading them answered; not success: some are not valid.</summary>
    public IntStatus Status;

    /// <summary>Which of the registers below are valid.</summary>
    public VcpuRegisters Valid;

    /// <summary>General-purpose and control registers, RIP and flags; the descriptor tables with <see cref="VcpuRegisters.Tables"/>.
    /// </summary>
    public IgArchRegs Regs;

    /// <summary>IA32_EFER.</summary>
    public ulong Ia32Efer;

    /// <summary>Kind of the code segment.</summary>
    public IgCsType CsType;

    /// <summary>Current privilege level.</summary>
    public uint Cpl;

    /// <summary>Segment registers.</summary>
    public VcpuSegments Segments;

    /// <summary>Whether all of these are valid.</summary>
    public readonly bool Has(VcpuRegisters registers) => (Valid & registers) == registers;

    /// <summary>The registers that a page walk needs: CR0, CR3, CR4 and EFER must be valid.</summary>
    public readonly PagingContext Paging() => new(Regs.Cr0, Regs.Cr3, Regs.Cr4, Ia32Efer);
}
