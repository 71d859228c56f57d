using Engine.Abi;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>VMCALL (spec/12, section 6): of what the engine has put into the guest, or somebody else's.</summary>
/// <remarks>Thread safety: any number of vCPUs at once; the caller holds the claim of the vCPU. Handlers are added and removed by one
/// thread at a time.</remarks>
internal sealed unsafe class IntroCallEvent
{
    private readonly Hypervisor _hypervisor;
    private readonly EndRequest _end;

    /// <param name="hypervisor">The guest's hypervisor.</param>
    /// <param name="end">Whether its end was asked for.</param>
    /// <param name="handler">What the glue calls.</param>
    public IntroCallEvent(Hypervisor hypervisor, EndRequest end, nint handler)
    {
        _hypervisor = hypervisor;
        _end = end;
        Handlers = new HandlerChain<IIntroCallHandler>(on => hypervisor.RegisterIntroCallHandler(on ? handler : 0));
    }

    /// <summary>Who is asked, by <see cref="InstrumentationPlace"/>.</summary>
    public HandlerChain<IIntroCallHandler> Handlers { get; }

    /// <summary>
    /// Handles VMCALL; the first who knows it counts. <see cref="IntStatus.NotFound"/>: nobody does, or whoever did failed, and the glue
    /// handles it; nothing has changed then. <see cref="IntStatus.UninitBugcheck"/>: it was ours, and the guest is crashing: it is let go
    /// on return. What the glue answers, if registers cannot be had.
    /// </summary>
    public IntStatus Handle(VcpuState* vcpu, InstructionUnit unit)
    {
        if (Handlers.Handlers.IsEmpty)
            return IntStatus.NotFound;

        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient);
        if (!status.IsSuccess())
            return status;

        status = Ask(vcpu, unit);
        if (!status.IsSuccess())
            return IntStatus.NotFound;
        return _end.IsBugCheck ? IntStatus.UninitBugcheck : IntStatus.Success;
    }

    private IntStatus Ask(VcpuState* vcpu, InstructionUnit unit)
    {
        foreach (IIntroCallHandler handler in Handlers.Handlers)
        {
            IntStatus status = handler.OnIntroCall(vcpu, unit);
            if (status == IntStatus.RaiseEpt)
            {
                vcpu->State = VcpuStateKind.EptViolation;
                return handler.Raise(vcpu, unit);
            }

            if (status != IntStatus.NotFound)
                return status;
        }

        return IntStatus.NotFound;
    }
}
