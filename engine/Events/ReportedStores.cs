using System;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>
/// Page-table stores that the page-table filter in the guest tells of, after they have landed (IntDispatchPtAsEpt; spec/12,
/// section 6).
/// </summary>
/// <remarks>
/// <para>The filter's word is a hint, no more: what is judged is what memory holds now, since that is what the processor walks. A
/// store that is not allowed is taken back by compare-exchange; in between, the processor may have used it. One that was overwritten
/// meanwhile comes with a report of its own.</para>
/// <para>Thread safety: any number of vCPUs at once; the caller holds the claim of the vCPU.</para>
/// </remarks>
internal sealed unsafe class ReportedStores
{
    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly EptViolation _eptViolation;
    private readonly RateLimiter _lines = new(Limits.MaxFaultLines, 1);

    public ReportedStores(Hypervisor hypervisor, GuestMemory memory, EptViolation eptViolation)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _eptViolation = eptViolation;
    }

    /// <summary>
    /// Judges the store that R8 to R11 tell of: linear address, guest-physical address of the entry, its new and its old value.
    /// <see cref="IntStatus.InvalidDataValue"/>: not the address of an entry; <see cref="IntStatus.AccessViolation"/>: it is not in
    /// memory; the glue's status, if it does not give registers.
    /// </summary>
    /// <param name="vcpu">The vCPU's record.</param>
    /// <param name="unit">Its decoder.</param>
    /// <param name="isHooked">Whether anything is hooked on the frame; if not, the filter need not tell of it any more.</param>
    public IntStatus Dispatch(VcpuState* vcpu, InstructionUnit unit, out bool isHooked)
    {
        isHooked = true;
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient);
        if (!status.IsSuccess())
            return status;

        ulong gpa = vcpu->Regs.R9;
        if ((gpa & (sizeof(ulong) - 1)) != 0)
            return IntStatus.InvalidDataValue;
        if (!_memory.TryRead(gpa, out ulong now))
            return IntStatus.AccessViolation;

        isHooked = _eptViolation.IsHooked(gpa, EptAccess.Write);
        if (!isHooked)
            return IntStatus.Success;

        VcpuStateKind state = vcpu->State;
        vcpu->State = VcpuStateKind.EptViolation;
        vcpu->PtContext = 1;
        vcpu->PtEmuBuffer = new VcpuPtEmuBuffer { Old = vcpu->Regs.R11, New = now, Valid = 1, Emulated = 1 };
        try
        {
            Judge(vcpu, unit, gpa, vcpu->Regs.R11, now);
        }
        finally
        {
            vcpu->PtEmuBuffer = default;
            vcpu->PtContext = 0;
            vcpu->State = state;
        }

        return IntStatus.Success;
    }

    private void Judge(VcpuState* vcpu, InstructionUnit unit, ulong gpa, ulong before, ulong now)
    {
        vcpu->Instruction.Length = 0;
        FrameAccess access = new()
        {
            Vcpu = vcpu, Unit = unit, Memory = _memory, Access = EptAccess.Write,
            Gpa = gpa, Gla = vcpu->Regs.R8, Size = sizeof(ulong),
            Data = new ReadOnlySpan<byte>(&now, sizeof(ulong)), Before = new ReadOnlySpan<byte>(&before, sizeof(ulong)),
            Store = new StoreOperand(vcpu->Regs.R8, sizeof(ulong)),
        };
        IntroAction action = _eptViolation.AskReported(ref access);
        if (action == IntroAction.NotAllowed && !TryTakeBack(gpa, before, now))
        {
            if (_lines.TryTake())
                _hypervisor.Log.Write(IgLogLevel.Error, $"a store at {gpa:x} that is not allowed was not taken back: it was overwritten");
            action = IntroAction.Allowed;
        }

        _eptViolation.TellReported(ref access, action == IntroAction.NotAllowed ? action : IntroAction.Allowed);
    }

    private bool TryTakeBack(ulong gpa, ulong before, ulong now) =>
        _memory.Exchange(gpa, new ReadOnlySpan<byte>(&now, sizeof(ulong)), new ReadOnlySpan<byte>(&before, sizeof(ulong))) ==
            ExchangeOutcome.Done;
}
