using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hosting;
using Engine.Memory;

namespace Engine.Vcpus;

/// <summary>
/// Brings registers into a vCPU's record: what the glue pushed is there already, the rest is asked for, class by class, once an
/// exit.
/// </summary>
/// <remarks>What is valid is said by the record's PushedMask, which is a token of its own for each vCPU and each exit: nothing that
/// happens on another vCPU, nor a call from within the exit, makes it stale. Thread safety: for whoever has claimed the vCPU.</remarks>
internal static unsafe partial class VcpuRegisterFile
{
    /// <summary>
    /// Makes sure that the wanted registers are valid in the record of the vCPU whose exit this is. A query that the glue refuses is
    /// its status, and the next call asks again; <see cref="IntStatus.NotSupported"/>: no query answers one of them. EptpIndex is 0
    /// where the glue has no such thing (spec/11, section 3).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntStatus Ensure(Hypervisor hypervisor, VcpuState* vcpu, VcpuRegisters wanted)
    {
        VcpuRegisters missing = wanted & ~vcpu->PushedMask;
        return missing == VcpuRegisters.None ? IntStatus.Success : Fetch(hypervisor, vcpu, missing);
    }

    /// <summary>The registers that a page walk needs; they must be valid in the record. The caller holds the claim of the vCPU, whose
    /// translations are remembered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PagingContext Paging(VcpuState* vcpu) =>
        new(vcpu->Regs.Cr0, vcpu->Regs.Cr3, vcpu->Regs.Cr4, vcpu->Ia32Efer, vcpu->Index);

    /// <summary>Copies what the engine may set: general-purpose registers, RIP and flags.</summary>
    public static void CopySettable(ref IgArchRegs to, in IgArchRegs from)
    {
        for (int i = 0; i < 16; i++)
            Unsafe.Add(ref to.Rax, i) = Unsafe.Add(ref Unsafe.AsRef(in from.Rax), i);
        to.Rip = from.Rip;
        to.Flags = from.Flags;
    }

    private static IntStatus Fetch(Hypervisor hypervisor, VcpuState* vcpu, VcpuRegisters missing)
    {
        if ((missing & (VcpuRegisters.FromGprsQuery | VcpuRegisters.Tables)) != VcpuRegisters.None)
        {
            // Into a copy, so that a register that was pushed keeps its value, as do the descriptor tables.
            bool tables = (missing & VcpuRegisters.Tables) != VcpuRegisters.None;
            IgArchRegs queried = vcpu->Regs;
            IntStatus status = hypervisor.Query(
                tables ? QueryInfoClass.RegisterState : QueryInfoClass.RegisterStateGprs, vcpu->Index, ref queried);
            if (!status.IsSuccess())
                return status;
            Merge(vcpu, in queried);
            if (tables)
                MergeTables(vcpu, in queried);
        }

        if ((missing & VcpuRegisters.Efer) != VcpuRegisters.None)
        {
            IntStatus status = hypervisor.ReadMsr(vcpu->Index, Msrs.Efer, out vcpu->Ia32Efer);
            if (!status.IsSuccess())
                return status;
            vcpu->PushedMask |= VcpuRegisters.Efer;
        }

        if ((missing & VcpuRegisters.CsType) != VcpuRegisters.None)
        {
            IntStatus status = hypervisor.Query(QueryInfoClass.CsType, vcpu->Index, ref vcpu->CsType);
            if (!status.IsSuccess())
                return status;
            vcpu->PushedMask |= VcpuRegisters.CsType;
        }

        if ((missing & VcpuRegisters.Cpl) != VcpuRegisters.None)
        {
            IntStatus status = hypervisor.Query(QueryInfoClass.CsRing, vcpu->Index, ref vcpu->Cpl);
            if (!status.IsSuccess())
                return status;
            vcpu->PushedMask |= VcpuRegisters.Cpl;
        }

        if ((missing & Rare) != VcpuRegisters.None)
        {
            IntStatus status = FetchRare(hypervisor, vcpu, missing);
            if (!status.IsSuccess())
                return status;
        }

        return (missing & ~vcpu->PushedMask) == VcpuRegisters.None ? IntStatus.Success : IntStatus.NotSupported;
    }

    /// <summary>Takes over from a query what was not pushed. The two agree unless the glue is wrong; what was pushed counts.</summary>
    private static void Merge(VcpuState* vcpu, in IgArchRegs queried)
    {
        ref IgArchRegs regs = ref vcpu->Regs;
        VcpuRegisters pushed = vcpu->PushedMask;
        for (int i = 0; i < 16; i++)
        {
            if (((ulong)pushed & (1UL << i)) == 0)
                Unsafe.Add(ref regs.Rax, i) = Unsafe.Add(ref Unsafe.AsRef(in queried.Rax), i);
        }

        Take(pushed, VcpuRegisters.Rip, ref regs.Rip, queried.Rip);
        Take(pushed, VcpuRegisters.Flags, ref regs.Flags, queried.Flags);
        Take(pushed, VcpuRegisters.Cr0, ref regs.Cr0, queried.Cr0);
        Take(pushed, VcpuRegisters.Cr2, ref regs.Cr2, queried.Cr2);
        Take(pushed, VcpuRegisters.Cr3, ref regs.Cr3, queried.Cr3);
        Take(pushed, VcpuRegisters.Cr4, ref regs.Cr4, queried.Cr4);
        Take(pushed, VcpuRegisters.Cr8, ref regs.Cr8, queried.Cr8);
        Take(pushed, VcpuRegisters.Dr7, ref regs.Dr7, queried.Dr7);
        vcpu->PushedMask = pushed | VcpuRegisters.FromGprsQuery;
    }

    private static void Take(VcpuRegisters pushed, VcpuRegisters register, ref ulong target, ulong queried)
    {
        if ((pushed & register) == VcpuRegisters.None)
            target = queried;
    }
}
