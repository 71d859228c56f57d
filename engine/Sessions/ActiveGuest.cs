using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Alerts;
using Engine.Concurrency;
using Engine.Events;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Memory;
using Engine.Policy;
using Engine.Protection;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <summary>
/// A guest from NewGuestNotification to DisableIntro: its vCPU records, hooks, protections, and the way of an exit through them.
/// </summary>
/// <remarks>
/// <para>An exit claims its vCPU (<see cref="Enter"/>), works, and gives it back (<see cref="Leave"/>). <see cref="TryClose"/> turns
/// new exits away and waits, for a bounded time, until the last has left; only then is unmanaged memory freed.</para>
/// <para>Thread safety: exits of different vCPUs run at once and share no lock. Start, TryClose and Dispose are called by one
/// thread, which GuestSession sees to.</para>
/// </remarks>
internal sealed unsafe class ActiveGuest : IDisposable
{
    private readonly ClaimTable _claims;
    private readonly RetireList _retired;
    private readonly VcpuTable _vcpus;
    private readonly InstructionUnit[] _units;
    private readonly FrameHooks _hooks;
    private readonly EptViolation _eptViolation;
    private readonly IdtProtection _idt;
    private volatile bool _closing;

    public ActiveGuest(
        in EngineSettings settings, Hypervisor hypervisor, GuestMemory memory, GuestOptions options, int vcpuCount)
    {
        Hypervisor = hypervisor;
        Options = options;
        _claims = new ClaimTable(vcpuCount);
        _retired = new RetireList(_claims);
        _vcpus = new VcpuTable(vcpuCount);
        _units = new InstructionUnit[vcpuCount];
        for (int i = 0; i < vcpuCount; i++)
            _units[i] = new InstructionUnit();

        VerdictPolicy policy = new(options, settings.InvertVerdicts);
        _hooks = new FrameHooks(hypervisor, _retired, settings.EptHandler);
        _eptViolation = new EptViolation(hypervisor, memory, _hooks);
        AlertRaiser alerts = new(hypervisor, policy);
        _idt = new IdtProtection(hypervisor, memory, _hooks, policy, alerts);
    }

    /// <summary>The hypervisor of the guest.</summary>
    public Hypervisor Hypervisor { get; }

    /// <summary>Options in force: those that were asked for and that this version acts on.</summary>
    public GuestOptions Options { get; }

    /// <summary>Records of its vCPUs.</summary>
    public VcpuTable Vcpus => _vcpus;

    /// <summary>Sets the hooks of every protection that is on. What cannot be guarded is in the log.</summary>
    public void Start()
    {
        if ((Options & GuestOptions.ProtectIdt) == GuestOptions.None)
            return;

        if ((Hypervisor.Capabilities & GlueCapabilities.FrameRights) == GlueCapabilities.None)
        {
            Hypervisor.Log.Write(IgLogLevel.Warning, $"IDT not guarded: the glue cannot withdraw rights of memory");
            return;
        }

        _idt.Start(_vcpus);
        IntStatus status = _hooks.Commit();
        if (!status.IsSuccess())
            Hypervisor.Log.Write(IgLogLevel.Error, $"IDT not guarded: the glue refused: {status}");
    }

    /// <summary>Claims a vCPU for an exit. Anything but success means that nothing was entered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IntStatus Enter(uint vcpu, VcpuStateKind kind, IntStatus badVcpu)
    {
        if (vcpu >= (uint)_vcpus.Count)
            return badVcpu;
        if (!_claims.TryClaim(vcpu))
            return IntStatus.Busy;
        if (_closing)
        {
            _claims.Release((int)vcpu);
            return IntStatus.NotInitializedHint;
        }

        VcpuState* record = _vcpus[vcpu];
        record->EventId++;
        record->State = kind;
        return IntStatus.Success;
    }

    /// <summary>Ends an exit: the record is the glue's again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave(uint vcpu)
    {
        VcpuState* record = _vcpus[vcpu];
        record->State = VcpuStateKind.Active;
        record->PushedMask = VcpuRegisters.None;
        record->ExitFlags = VcpuExitFlags.None;
        record->ExitDataSize = 0;
        _claims.Release((int)vcpu);
        if (!_retired.IsEmpty)
            _retired.Collect();
    }

    /// <summary>IntHandleEptViolation, between Enter and Leave.</summary>
    public IntStatus EptViolation(uint vcpu, ulong gpa, ulong gla, EptAccess access, out IntroAction action) =>
        _eptViolation.Handle(_vcpus[vcpu], _units[vcpu], gpa, gla, access, out action);

    /// <summary>IntHandleXcrWrite, between Enter and Leave.</summary>
    public IntStatus XcrWrite(uint vcpu) => Events.XcrWrite.Handle(Hypervisor, _vcpus[vcpu]);

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

            action = IntroAction.NotAllowed;
            action = _eptViolation.HandleDevice(gpa, data);
            return IntStatus.Success;
        }
        finally
        {
            _claims.Release(cell);
        }
    }

    /// <summary>Tells whether nobody is left inside who came in before this call; waits a bounded time.</summary>
    public bool Quiesce() => _claims.WaitSince(_claims.Advance());

    /// <summary>Turns new exits away and waits, for a bounded time, until the last has left. False: try again later; exits stay
    /// turned away.</summary>
    public bool TryClose()
    {
        _closing = true;
        return Quiesce();
    }

    /// <summary>Gives all rights back. After <see cref="TryClose"/>.</summary>
    public void Stop()
    {
        _idt.Stop();
        IntStatus status = _hooks.Commit();
        if (!status.IsSuccess())
            Hypervisor.Log.Write(IgLogLevel.Error, $"rights not given back: {status}");
    }

    /// <summary>Frees unmanaged memory. After <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        _retired.FreeAll();
        _hooks.Dispose();
        _vcpus.Dispose();
    }
}
