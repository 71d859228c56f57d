using System;
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Abi;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <content>Exits.</content>
internal sealed unsafe partial class ActiveGuest
{
    /// <summary>Claims a vCPU for an exit. Anything but success means that nothing was entered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IntStatus Enter(uint vcpu, VcpuStateKind kind, IntStatus badVcpu)
    {
        if (vcpu >= _vcpuCount)
            return badVcpu;
        if (!_claims.TryClaim(vcpu))
            return IntStatus.Busy;
        if (_closing)
        {
            _claims.Release((int)vcpu);
            return IntStatus.NotInitializedHint;
        }

        VcpuState* record = _records + vcpu;
        record->EventId++;
        record->State = kind;
        VcpuCounters* counters = _counters + vcpu;
        counters->Exits[(int)kind]++;
        counters->EnteredTicks = Hypervisor.Ticks();
        return IntStatus.Success;
    }

    /// <summary>Ends an exit: the record is the glue's again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave(uint vcpu, IntroAction action)
    {
        VcpuState* record = _records + vcpu;
        record->State = VcpuStateKind.Active;
        record->PushedMask = VcpuRegisters.None;
        record->ExitFlags = VcpuExitFlags.None;
        record->ExitDataSize = 0;

        VcpuCounters* counters = _counters + vcpu;
        if (action == IntroAction.NotAllowed)
            counters->Blocked++;
        counters->WorstTicks = Math.Max(counters->WorstTicks, Hypervisor.Ticks() - counters->EnteredTicks);
        _claims.Release((int)vcpu);
        if (!_retired.IsEmpty)
            _retired.Collect();
    }

    /// <summary>IntHandleEptViolation, between Enter and Leave.</summary>
    public IntStatus EptViolation(uint vcpu, ulong gpa, ulong gla, EptAccess access, out IntroAction action) =>
        _eptViolation.Handle(_vcpus[vcpu], _units[vcpu], gpa, gla, access, out action);

    /// <summary>IntHandleCrWrite, between Enter and Leave.</summary>
    public IntStatus CrWrite(uint vcpu, uint cr, ulong oldValue, ulong newValue, out IntroAction action) =>
        _registerWrites.CrWrite(_vcpus[vcpu], _units[vcpu], cr, oldValue, newValue, out action);

    /// <summary>IntHandleMsrViolation, between Enter and Leave.</summary>
    public IntStatus MsrViolation(
        uint vcpu, uint msr, MsrAccess kind, ulong oldValue, ulong newValue, out IntroAction action) =>
        _registerWrites.MsrAccess(_vcpus[vcpu], _units[vcpu], msr, kind, oldValue, newValue, out action);

    /// <summary>IntHandleXcrWrite, between Enter and Leave.</summary>
    public IntStatus XcrWrite(uint vcpu, out IntroAction action) =>
        _registerWrites.XcrWrite(_vcpus[vcpu], _units[vcpu], out action);

    /// <summary>IntHandleDtrViolation, between Enter and Leave.</summary>
    public IntStatus DtrViolation(uint vcpu, DescriptorAccess flags, out IntroAction action) =>
        _dtrViolation.Handle(_vcpus[vcpu], _units[vcpu], flags, out action);

    /// <summary>IntHandleEventInjection, between Enter and Leave: what was asked for has an outcome now (spec/12, section 8).</summary>
    public void EventInjection(uint vcpu) => _vcpus[vcpu]->Exception.Valid = 0;

    /// <summary>IntHandleDeviceStore, on a thread without a vCPU.</summary>
    public IntStatus DeviceStore(ulong gpa, ReadOnlySpan<byte> data, out IntroAction action)
    {
        action = IntroAction.Allowed;
        int cell = _claims.TryClaimExternal();
        if (cell < 0)
        {
            action = IntroAction.Retry;
            return IntStatus.Busy;
        }

        try
        {
            if (_closing)
                return IntStatus.NotInitializedHint;

            // Until it is judged, and if judging it fails, a store is blocked.
            action = IntroAction.NotAllowed;
            action = _eptViolation.HandleDevice(gpa, data);
            return IntStatus.Success;
        }
        finally
        {
            _claims.Release(cell);
        }
    }

    /// <summary>IntHandleTimer, on a thread without a vCPU: compares what cannot be trapped. BUSY: another thread is at it.</summary>
    public IntStatus Timer()
    {
        if (Interlocked.Exchange(ref _timerBusy, 1) != 0)
            return IntStatus.Busy;

        int cell = _claims.TryClaimExternal();
        try
        {
            if (cell < 0)
                return IntStatus.Busy;
            if (_closing)
                return IntStatus.NotInitializedHint;
            // While the watch is still being set up there is nothing to compare.
            TimerCalls++;
            if (_started && !_watch.IsEmpty)
                _watch.Check();
            return IntStatus.Success;
        }
        finally
        {
            if (cell >= 0)
                _claims.Release(cell);
            Volatile.Write(ref _timerBusy, 0);
        }
    }

    /// <summary>IntQueryGuest, on a thread without a vCPU. <see cref="IntStatus.NotFound"/>: no such topic.</summary>
    public IntStatus Query(ReadOnlySpan<byte> topic, IBufferWriter<byte> output)
    {
        int cell = _claims.TryClaimExternal();
        if (cell < 0)
            return IntStatus.Busy;

        try
        {
            return _closing ? IntStatus.NotInitialized
                : GuestQueries.TryWrite(this, topic, output) ? IntStatus.Success : IntStatus.NotFound;
        }
        finally
        {
            _claims.Release(cell);
        }
    }
}
