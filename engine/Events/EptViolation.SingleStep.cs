using Engine.Abi;
using Engine.Vcpus;

namespace Engine.Events;

/// <content>Instructions whose execution was trapped and allowed: the hypervisor steps over them, and they may exit again meanwhile for
/// what they access (spec/12, section 1, B and G).</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>Tells whether the exit belongs to the instruction that was allowed last; otherwise, that one is over.</summary>
    private void NoteSingleStep(VcpuState* vcpu, ulong gpa, EptAccess kinds)
    {
        bool goesOn = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Rip).IsSuccess() &&
            vcpu->AllowOnExecRip == vcpu->Regs.Rip && (vcpu->AllowOnExecGpa != gpa || kinds != EptAccess.Execute);
        vcpu->SingleStep = (byte)(goesOn ? 1 : 0);
        if (goesOn)
            return;
        vcpu->AllowOnExec = 0;
        vcpu->AllowOnExecRip = 0;
        vcpu->AllowOnExecGpa = 0;
    }

    private static void ArmSingleStep(VcpuState* vcpu, ulong gpa)
    {
        vcpu->AllowOnExec = 1;
        vcpu->AllowOnExecRip = vcpu->Regs.Rip;
        vcpu->AllowOnExecGpa = gpa;
    }
}
