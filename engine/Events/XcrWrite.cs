using Engine.Abi;
using Engine.Hosting;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>XSETBV: keeps the value that the guest asked for (spec/12, section 4).</summary>
internal static unsafe class XcrWrite
{
    /// <summary>Records EDX:EAX. <see cref="IntStatus.NotFound"/>: nothing is hooked, the write is allowed.</summary>
    public static IntStatus Handle(Hypervisor hypervisor, VcpuState* vcpu)
    {
        IntStatus status = VcpuRegisterFile.Ensure(hypervisor, vcpu, VcpuRegisters.Gprs);
        if (!status.IsSuccess())
            return status;

        vcpu->Xcr0 = ((ulong)(uint)vcpu->Regs.Rdx << 32) | (uint)vcpu->Regs.Rax;
        return IntStatus.NotFound;
    }
}
