using Engine.Abi;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>Writes to control, model-specific and extended control registers (spec/12, sections 2 to 4).</summary>
/// <remarks>Thread safety: any number of vCPUs at once; the caller holds the claim of the vCPU.</remarks>
internal sealed unsafe class RegisterWriteEvents
{
    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly RegisterHooks _hooks;

    public RegisterWriteEvents(Hypervisor hypervisor, GuestMemory memory, RegisterHooks hooks)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _hooks = hooks;
    }

    /// <summary>MOV to a control register. <see cref="IntStatus.NotFound"/>: nothing is hooked.</summary>
    public IntStatus CrWrite(
        VcpuState* vcpu, InstructionUnit unit, uint cr, ulong oldValue, ulong newValue, out IntroAction action) =>
        Ask(vcpu, unit, RegisterKind.Cr, cr, oldValue, newValue, out action);

    /// <summary>WRMSR; RDMSR is allowed. <see cref="IntStatus.NotFound"/>: nothing is hooked.</summary>
    public IntStatus MsrAccess(
        VcpuState* vcpu, InstructionUnit unit, uint msr, MsrAccess kind, ulong oldValue, ulong newValue, out IntroAction action)
    {
        if ((kind & Abi.MsrAccess.Write) != Abi.MsrAccess.None)
            return Ask(vcpu, unit, RegisterKind.Msr, msr, oldValue, newValue, out action);

        action = IntroAction.Allowed;
        return IntStatus.NotFound;
    }

    /// <summary>XSETBV: keeps the value that the guest asked for, whatever the verdict.</summary>
    public IntStatus XcrWrite(VcpuState* vcpu, InstructionUnit unit, out IntroAction action)
    {
        action = IntroAction.Allowed;
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Gprs);
        if (!status.IsSuccess())
            return status;

        ulong before = vcpu->Xcr0;
        vcpu->Xcr0 = ((ulong)(uint)vcpu->Regs.Rdx << 32) | (uint)vcpu->Regs.Rax;
        return Ask(vcpu, unit, RegisterKind.Xcr, (uint)vcpu->Regs.Rcx, before, vcpu->Xcr0, out action);
    }

    private IntStatus Ask(
        VcpuState* vcpu, InstructionUnit unit, RegisterKind kind, uint number, ulong oldValue, ulong newValue,
        out IntroAction action)
    {
        vcpu->Instruction.Length = 0;
        RegisterWrite write = new()
        {
            Vcpu = vcpu, Unit = unit, Memory = _memory, Kind = kind, Number = number, Old = oldValue, New = newValue,
        };
        return _hooks.Ask(ref write, out action) ? IntStatus.Success : IntStatus.NotFound;
    }
}
