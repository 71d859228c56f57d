using System.Runtime.CompilerServices;
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
    private readonly InstructionUnit[] _units;
    private readonly RegisterHooks _hooks;

    public RegisterWriteEvents(Hypervisor hypervisor, GuestMemory memory, InstructionUnit[] units, RegisterHooks hooks)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _units = units;
        _hooks = hooks;
    }

    /// <summary>MOV to a control register. <see cref="IntStatus.NotFound"/>: nothing is hooked.</summary>
    public IntStatus CrWrite(VcpuState* vcpu, uint cr, ulong oldValue, ulong newValue, out IntroAction action) =>
        Ask(vcpu, RegisterKind.Cr, cr, MsrAccess.Write, oldValue, newValue, out action);

    /// <summary>WRMSR or RDMSR. <see cref="IntStatus.NotFound"/>: nothing is hooked for that.</summary>
    public IntStatus Msr(
        VcpuState* vcpu, uint msr, MsrAccess kind, ulong oldValue, ulong newValue, out IntroAction action) =>
        Ask(vcpu, RegisterKind.Msr, msr, kind, oldValue, newValue, out action);

    /// <summary>XSETBV: keeps the value that the guest asked for in XCR0, whatever the verdict. ECX, EDX and EAX count.</summary>
    public IntStatus XcrWrite(VcpuState* vcpu, out IntroAction action)
    {
        action = IntroAction.Allowed;
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Gprs);
        if (!status.IsSuccess())
            return status;

        uint xcr = (uint)vcpu->Regs.Rcx;
        ulong value = ((ulong)(uint)vcpu->Regs.Rdx << 32) | (uint)vcpu->Regs.Rax;
        ulong before = 0;
        if (xcr == 0)
        {
            before = vcpu->Xcr0;
            vcpu->Xcr0 = value;
        }

        return Ask(vcpu, RegisterKind.Xcr, xcr, MsrAccess.Write, before, value, out action);
    }

    /// <summary>Most writes change nothing that a hook waits for, and end after a look at the hooks of their kind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private IntStatus Ask(
        VcpuState* vcpu, RegisterKind kind, uint number, MsrAccess access, ulong oldValue, ulong newValue, out IntroAction action)
    {
        vcpu->Instruction.Length = 0;
        if (_hooks.WaitFor(kind, number, access, oldValue, newValue, out bool hooked))
            return AskHooks(vcpu, kind, number, access, oldValue, newValue, out action);

        action = IntroAction.Allowed;
        return hooked ? IntStatus.Success : IntStatus.NotFound;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntStatus AskHooks(
        VcpuState* vcpu, RegisterKind kind, uint number, MsrAccess access, ulong oldValue, ulong newValue, out IntroAction action)
    {
        RegisterWrite write = new()
        {
            Vcpu = vcpu, Unit = _units[vcpu->Index], Memory = _memory, Kind = kind, Number = number, Access = access, Old = oldValue,
            New = newValue,
        };
        return _hooks.Ask(ref write, out action) ? IntStatus.Success : IntStatus.NotFound;
    }
}
