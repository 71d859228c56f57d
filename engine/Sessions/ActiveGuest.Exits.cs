using System;
using System.Buffers;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Instructions;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <content>Exits.</content>
internal sealed unsafe partial class ActiveGuest
{
    /// <summary>Claims a vCPU for an exit. Anything but success means that nothing was entered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IntStatus Enter(uint vcpu, VcpuStateKind kind, IntStatus badVcpu, out VcpuBlock* block)
    {
        block = _blocks + vcpu;
        if (vcpu >= _vcpuCount)
            return badVcpu;
        if (!_claims.TryClaim(&block->Claim))
            return IntStatus.Busy;
        if (_closing)
            return TurnAway(block);

        block->Record.EventId++;
        block->Record.State = kind;
        block->Counters.Exits[(int)kind]++;
        block->Counters.EnteredTicks = Hypervisor.Ticks();
        return IntStatus.Success;
    }

    /// <summary>Ends an exit: the record is the glue's again. Returns its status, which is another one where the exit has let the guest
    /// go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IntStatus Leave(VcpuBlock* block, IntroAction action, IntStatus status)
    {
        if (_chores.Any)
            return LeaveWithChores(block, action, status);
        CloseRecord(block, action);
        ClaimTable.Release(&block->Claim);
        return status;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CloseRecord(VcpuBlock* block, IntroAction action)
    {
        block->Record.State = VcpuStateKind.Active;
        block->Record.PushedMask = VcpuRegisters.None;
        block->Record.ExitFlags = VcpuExitFlags.None;
        block->Record.ExitDataSize = 0;
        if (action == IntroAction.NotAllowed)
            block->Counters.Blocked++;
        block->Counters.WorstTicks = Math.Max(block->Counters.WorstTicks, Hypervisor.Ticks() - block->Counters.EnteredTicks);
    }

    /// <summary>Ends an exit in which the engine has failed; the caller holds the claim of the vCPU.</summary>
    public void LeaveFaulted(uint vcpu) => EndWithChores(_blocks + vcpu, IntroAction.NotAllowed);

    /// <summary>IntHandleEptViolation, between Enter and Leave.</summary>
    public IntStatus EptViolation(VcpuState* vcpu, ulong gpa, ulong gla, EptAccess access, out IntroAction action) =>
        _eptViolation.Handle(vcpu, gpa, gla, access, out action);

    /// <summary>IntHandleCrWrite, between Enter and Leave.</summary>
    public IntStatus CrWrite(VcpuState* vcpu, uint cr, ulong oldValue, ulong newValue, out IntroAction action) =>
        _registerWrites.CrWrite(vcpu, cr, oldValue, newValue, out action);

    /// <summary>IntHandleMsrViolation, between Enter and Leave.</summary>
    public IntStatus MsrViolation(
        VcpuState* vcpu, uint msr, MsrAccess kind, ulong oldValue, ulong newValue, out IntroAction action) =>
        _registerWrites.Msr(vcpu, msr, kind, oldValue, newValue, out action);

    /// <summary>IntHandleXcrWrite, between Enter and Leave.</summary>
    public IntStatus XcrWrite(VcpuState* vcpu, out IntroAction action) =>
        _registerWrites.XcrWrite(vcpu, out action);

    /// <summary>IntHandleDtrViolation, between Enter and Leave.</summary>
    public IntStatus DtrViolation(VcpuState* vcpu, DescriptorAccess flags, out IntroAction action) =>
        _dtrViolation.Handle(vcpu, UnitOf(vcpu), flags, out action);

    /// <summary>IntHandleBreakpoint, between Enter and Leave.</summary>
    public IntStatus Breakpoint(VcpuState* vcpu) =>
        _breakpoint.WasUsed ? _breakpoint.Handle(vcpu, UnitOf(vcpu)) : IntStatus.NotFound;

    /// <summary>IntHandleIntroCall, between Enter and Leave.</summary>
    public IntStatus IntroCall(VcpuState* vcpu) => _introCall.Handle(vcpu, UnitOf(vcpu));

    /// <summary>IntHandleEventInjection, between Enter and Leave: what was asked for has an outcome now (spec/12, section 8).</summary>
    public void EventInjection(VcpuState* vcpu, uint vector, ulong cr2)
    {
        if (vcpu->Exception.Valid != 0)
            _injector.OnDelivered(vcpu, vector, cr2);
    }

    /// <summary>IntHandleDeviceStore, on a thread without a vCPU.</summary>
    public IntStatus DeviceStore(ulong gpa, ReadOnlySpan<byte> data, out IntroAction action)
    {
        action = IntroAction.Allowed;
        IntStatus entered = TryEnterExternal(out ulong* cell, IntStatus.NotInitializedHint);
        if (entered != IntStatus.Success)
        {
            if (entered == IntStatus.Busy)
                action = IntroAction.Retry;
            return entered;
        }

        try
        {
            // Until it is judged, and if judging it fails, a store is blocked.
            action = IntroAction.NotAllowed;
            action = _eptViolation.HandleDevice(gpa, data);
            return IntStatus.Success;
        }
        finally
        {
            if (_frameHooks.HasChanges)
                CommitHooks();
            ClaimTable.Release(cell);
        }
    }

    /// <summary>IntHandleTimer, on a thread without a vCPU: the jobs of this second. BUSY: another thread is at it.</summary>
    public IntStatus Timer()
    {
        IntStatus entered = TryEnterExternal(out ulong* cell, IntStatus.NotInitializedHint);
        if (entered != IntStatus.Success)
            return entered;

        try
        {
            IntStatus status = _power == GuestPowerState.Resume ? _timer.Tick() : IntStatus.Success;
            if (_frameHooks.HasChanges)
                CommitHooks();
            return status;
        }
        finally
        {
            ClaimTable.Release(cell);
        }
    }

    /// <summary>IntQueryGuest, on a thread without a vCPU. <see cref="IntStatus.NotFound"/>: no such topic.</summary>
    public IntStatus Query(ReadOnlySpan<byte> topic, IBufferWriter<byte> output)
    {
        IntStatus entered = TryEnterExternal(out ulong* cell);
        if (entered != IntStatus.Success)
            return entered;

        try
        {
            return GuestQueries.TryWrite(this, topic, output) ? IntStatus.Success : IntStatus.NotFound;
        }
        finally
        {
            ClaimTable.Release(cell);
        }
    }

    private InstructionUnit UnitOf(VcpuState* vcpu) => _units[vcpu->Index];

    /// <summary>Puts rights into force that hooks have changed in an exit, before it returns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CommitHooks()
    {
        IntStatus status = _frameHooks.CommitAtExit();
        if (!status.IsSuccess() && _commitFailures++ < Limits.MaxFaultLines)
            Hypervisor.Log.Write(IgLogLevel.Error, $"rights were not changed in an exit: {status}");
    }
}
