using Engine.Abi;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Events;

/// <summary>INT3 (spec/12, section 7): of what the engine has put into the guest, or the guest's own.</summary>
/// <remarks>Thread safety: any number of vCPUs at once; the caller holds the claim of the vCPU. Handlers are added and removed by one
/// thread at a time.</remarks>
internal sealed unsafe class BreakpointEvent
{
    private const int BreakpointVector = 3;

    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly RegisterAccess _registers;
    private readonly EndRequest _end;

    /// <param name="hypervisor">The guest's hypervisor.</param>
    /// <param name="memory">Its memory.</param>
    /// <param name="registers">Its registers.</param>
    /// <param name="end">Whether its end was asked for.</param>
    /// <param name="handler">What the glue calls.</param>
    public BreakpointEvent(Hypervisor hypervisor, GuestMemory memory, RegisterAccess registers, EndRequest end, nint handler)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _registers = registers;
        _end = end;
        Handlers = new HandlerChain<IBreakpointHandler>(on => hypervisor.RegisterBreakpointHandler(on ? handler : 0));
    }

    /// <summary>Who is asked, by <see cref="InstrumentationPlace"/>.</summary>
    public HandlerChain<IBreakpointHandler> Handlers { get; }

    /// <summary>Whether anything of the engine has been in the guest; else every breakpoint is the guest's own.</summary>
    public bool WasUsed => Handlers.WasUsed;

    /// <summary>
    /// Handles INT3. <see cref="IntStatus.Success"/>: it was ours, or is not there any more, and the guest goes on at RIP;
    /// <see cref="IntStatus.NotFound"/>: the guest's own, RIP is unchanged; <see cref="IntStatus.UninitBugcheck"/>: it was ours, and the
    /// guest is crashing: it is let go on return. What the glue answers, if registers can neither be had nor set.
    /// </summary>
    public IntStatus Handle(VcpuState* vcpu, InstructionUnit unit)
    {
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient);
        if (!status.IsSuccess())
            return status;

        status = Ask(vcpu, unit);
        if (status == IntStatus.Success)
        {
            vcpu->Regs.Rip++;
            status = _registers.Set(vcpu, VcpuRegisters.Rip);
            if (!status.IsSuccess())
            {
                vcpu->Regs.Rip--;
                return status;
            }
        }
        else if (status != IntStatus.NoDetourEmu)
        {
            return IsStillThere(vcpu, unit) ? IntStatus.NotFound : IntStatus.Success;
        }

        return _end.IsBugCheck ? IntStatus.UninitBugcheck : IntStatus.Success;
    }

    private IntStatus Ask(VcpuState* vcpu, InstructionUnit unit)
    {
        foreach (IBreakpointHandler handler in Handlers.Handlers)
        {
            IntStatus status = handler.OnBreakpoint(vcpu, unit);
            if (status is IntStatus.Success or IntStatus.NoDetourEmu)
                return status;
        }

        return IntStatus.NotFound;
    }

    /// <summary>Whether INT3 is at RIP. Another vCPU may have taken it away since it was executed: then what is there now is executed.
    /// What cannot be read cannot have been ours.</summary>
    private bool IsStillThere(VcpuState* vcpu, InstructionUnit unit)
    {
        if (!unit.Decode(_memory, vcpu).IsSuccess())
            return true;
        ref readonly Instruction instruction = ref unit.Current;
        return instruction.Mnemonic == Mnemonic.Int3 ||
            (instruction.Mnemonic == Mnemonic.Int && instruction.Immediate8 == BreakpointVector);
    }
}
