using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hosting;

namespace Engine.Vcpus;

/// <content>Registers that few exits need.</content>
internal static unsafe partial class VcpuRegisterFile
{
    private const VcpuRegisters Rare = VcpuRegisters.Segments | VcpuRegisters.Xcr0 | VcpuRegisters.EptpIndex;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IntStatus FetchRare(Hypervisor hypervisor, VcpuState* vcpu, VcpuRegisters missing)
    {
        if ((missing & VcpuRegisters.Segments) != VcpuRegisters.None)
        {
            IgSegRegs queried = default;
            IntStatus status = hypervisor.Query(QueryInfoClass.SegRegisters, vcpu->Index, ref queried);
            if (!status.IsSuccess())
                return status;
            Take(ref vcpu->Segments, in queried);
            vcpu->PushedMask |= VcpuRegisters.Segments;
        }

        if ((missing & VcpuRegisters.Xcr0) != VcpuRegisters.None)
        {
            IntStatus status = hypervisor.Query(QueryInfoClass.GetXcr0, vcpu->Index, ref vcpu->Xcr0);
            if (!status.IsSuccess())
                return status;
            vcpu->PushedMask |= VcpuRegisters.Xcr0;
        }

        if ((missing & VcpuRegisters.EptpIndex) != VcpuRegisters.None)
        {
            uint index = 0;
            IntStatus status = hypervisor.Query(QueryInfoClass.EptpIndex, vcpu->Index, ref index);
            if (status is IntStatus.OperationNotSupported or IntStatus.NotSupported)
                index = 0;
            else if (!status.IsSuccess())
                return status;
            vcpu->EptpIndex = index;
            vcpu->PushedMask |= VcpuRegisters.EptpIndex;
        }

        return IntStatus.Success;
    }

    /// <summary>Takes over segment registers; both are in the order CS SS DS ES FS GS.</summary>
    private static void Take(ref VcpuSegments segments, in IgSegRegs queried)
    {
        ref ulong values = ref Unsafe.AsRef(in queried.CsBase);
        for (int i = 0; i < SegmentCount; i++)
        {
            ref ulong four = ref Unsafe.Add(ref values, 4 * i);
            segments[i] = new VcpuSegment
            {
                Base = four,
                Limit = (uint)Unsafe.Add(ref four, 1),
                Selector = (ushort)Unsafe.Add(ref four, 2),
                Attributes = (ushort)Unsafe.Add(ref four, 3),
            };
        }
    }

    private static void MergeTables(VcpuState* vcpu, in IgArchRegs queried)
    {
        vcpu->Regs.IdtBase = queried.IdtBase;
        vcpu->Regs.IdtLimit = queried.IdtLimit;
        vcpu->Regs.GdtBase = queried.GdtBase;
        vcpu->Regs.GdtLimit = queried.GdtLimit;
        vcpu->PushedMask |= VcpuRegisters.Tables;
    }

    private const int SegmentCount = 6;
}
