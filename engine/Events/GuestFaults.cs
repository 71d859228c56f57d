using Engine.Abi;
using Engine.Injection;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>
/// Page faults that the processor would raise in an instruction, and that nobody would see if the instruction were completed, or
/// tried again for ever, on its behalf (spec/12, section 1.1: IntHandleCowOnPage, IntHandlePageBoundaryCow,
/// IntHandleFetchRetryOnPageBoundary). After one was injected the exit is answered Retry.
/// </summary>
/// <remarks>What is not known of the vCPU counts in its favour, so that no page fault is injected that the processor would not raise:
/// protection keys are open, and RFLAGS.AC is set. Thread safety: for whoever has claimed the vCPU.</remarks>
internal sealed unsafe class GuestFaults
{
    private const uint UserLevel = 3;
    private const ulong PageMask = 0xFFF;
    private const ulong AlignmentCheck = 1 << 18;

    private readonly GuestMemory _memory;
    private readonly ExceptionInjector _injector;

    public GuestFaults(GuestMemory memory, ExceptionInjector injector)
    {
        _memory = memory;
        _injector = injector;
    }

    /// <summary>Finds where an access of the current instruction goes, and what the processor would do with it. The registers of
    /// VcpuRegisters.Sufficient must be valid.</summary>
    /// <param name="vcpu">The vCPU's record.</param>
    /// <param name="linear">Address.</param>
    /// <param name="kind">What is done there.</param>
    /// <param name="isSystem">Whether it is made to a system structure, which the processor does with supervisor rights.</param>
    /// <param name="physical">Guest-physical address, if it is mapped.</param>
    /// <param name="errorCode">Error code of the page fault that it is answered with.</param>
    public PageCheck Check(
        VcpuState* vcpu, ulong linear, PageAccessKind kind, bool isSystem, out ulong physical, out uint errorCode)
    {
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        IntStatus status = PageWalk.Translate(_memory, in paging, linear, out physical, out PageRights rights);
        PageAccess access = new()
        {
            Kind = kind,
            IsUser = vcpu->Cpl == UserLevel && !isSystem,
            HasAlignmentCheck =
                (vcpu->PushedMask & VcpuRegisters.Flags) == VcpuRegisters.None || (vcpu->Regs.Flags & AlignmentCheck) != 0,
        };
        return PageFaultCheck.Check(status, in rights, in paging, in access, out errorCode);
    }

    /// <summary>
    /// Sends the vCPU back with the page fault for an address, if it can be injected now, or without. False: that has been done for the
    /// same address a few times in a row, and leads to nothing.
    /// </summary>
    public bool TrySendBack(VcpuState* vcpu, ulong linear, uint errorCode)
    {
        if (!VcpuRetries.TryNote(vcpu, linear))
            return false;
        TryInject(vcpu, linear, errorCode);
        return true;
    }

    /// <summary>
    /// IntHandleFetchRetryOnPageBoundary: the instruction at RIP goes on in the next page, which cannot be executed; the page fault for
    /// that page is injected. To be called after the decoder has failed for want of a page. True: it was injected.
    /// </summary>
    public bool RaiseForFetch(VcpuState* vcpu)
    {
        ulong linear = InstructionUnit.LinearOf(vcpu);
        ulong next = (linear | PageMask) + 1;
        return next - linear < Limits.MaxInstructionLength &&
            Check(vcpu, linear, PageAccessKind.Execute, isSystem: false, out _, out _) == PageCheck.Allowed &&
            Check(vcpu, next, PageAccessKind.Execute, isSystem: false, out _, out uint errorCode) == PageCheck.PageFault &&
            TryInject(vcpu, next, errorCode);
    }

    /// <summary>
    /// IntHandleCowOnPage and IntHandlePageBoundaryCow: if the processor would raise a page fault for an operand of a few bytes, on
    /// either of its pages and at any privilege, the vCPU is sent back with it. True: it is.
    /// </summary>
    public bool RaiseForOperand(VcpuState* vcpu, ulong linear, int size, PageAccessKind kind)
    {
        ulong next = (linear + (ulong)size - 1) & ~PageMask;
        return RaiseFor(vcpu, linear, kind) || (next > linear && RaiseFor(vcpu, next, kind));
    }

    private bool RaiseFor(VcpuState* vcpu, ulong linear, PageAccessKind kind) =>
        Check(vcpu, linear, kind, isSystem: false, out _, out uint errorCode) == PageCheck.PageFault &&
        TrySendBack(vcpu, linear, errorCode);

    private bool TryInject(VcpuState* vcpu, ulong linear, uint errorCode) =>
        _injector.Inject(vcpu, ExceptionInjector.PageFault, errorCode, linear).IsSuccess();
}
