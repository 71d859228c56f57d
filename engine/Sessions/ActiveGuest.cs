using System;
using System.Collections.Generic;
using System.Threading;
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
/// <para>An exit claims its vCPU (Enter), works, and gives it back (Leave). <see cref="TryClose"/> turns new exits away and waits,
/// for a bounded time, until the last has left; only then is unmanaged memory freed.</para>
/// <para>Thread safety: exits of different vCPUs run at once and share no lock. Start, TryClose, Stop, TryReset and Dispose are
/// called by one thread at a time, which GuestSession sees to.</para>
/// </remarks>
internal sealed unsafe partial class ActiveGuest : IDisposable
{
    private readonly ClaimTable _claims;
    private readonly RetireList _retired;
    private readonly VcpuTable _vcpus;
    private readonly VcpuBlock* _blocks;
    private readonly uint _vcpuCount;
    private readonly InstructionUnit[] _units;
    private readonly RegisterAccess _registerAccess;
    private readonly GuestMemory _memory;
    private readonly RetiredMappings? _retiredMappings;
    private readonly FrameHooks _frameHooks;
    private readonly EptViolation _eptViolation;
    private readonly RegisterWriteEvents _registerWrites;
    private readonly DtrViolation _dtrViolation;
    private readonly IdtProtection _idt;
    private readonly RegisterProtection _registers;
    private readonly TableRegisterProtection _idtr;
    private readonly TableRegisterProtection _gdtr;
    private readonly RegisterWatch _watch;
    private readonly nint _timerHandler;
    private List<ProtectionReport> _reports = [];
    private int _timerBusy;
    private int _commitFailures;
    private bool _timerRegistered;
    private volatile bool _closing;
    private volatile bool _started;

    public ActiveGuest(
        in EngineSettings settings, Hypervisor hypervisor, GuestMemory memory, GuestOptions options, in IntroGuestConfig config,
        int vcpuCount)
    {
        Hypervisor = hypervisor;
        Options = options;
        _memory = memory;
        TickScale = new TickScale(hypervisor);
        _timerHandler = settings.TimerHandler;
        _vcpus = new VcpuTable(vcpuCount);
        _blocks = _vcpus.Blocks;
        _claims = _vcpus.Claims;
        _retired = new RetireList(_claims);
        memory.Open(hypervisor, _claims, vcpuCount);
        _retiredMappings = memory.Mapped?.Retired;
        _vcpuCount = (uint)vcpuCount;
        _units = new InstructionUnit[vcpuCount];
        for (int i = 0; i < vcpuCount; i++)
            _units[i] = new InstructionUnit(hypervisor);

        _registerAccess = new RegisterAccess(
            hypervisor, vcpuCount, (config.Flags & GuestConfigFlags.AppliesDirtyMask) != GuestConfigFlags.None);
        RegisterHooks registerHooks = new(hypervisor, settings.RegisterHandlers);
        StoreCompletion? completion = config.StoreCompletion == IntroCompletion.Refetch
            ? new StoreCompletion(hypervisor, memory, _registerAccess)
            : null;
        _frameHooks = new FrameHooks(hypervisor, _retired, settings.EptHandler);
        FailPolicy failPolicy = new(config.Flags);
        _eptViolation = new EptViolation(hypervisor, memory, _frameHooks, _units, failPolicy, completion);
        _registerWrites = new RegisterWriteEvents(hypervisor, memory, registerHooks);
        _dtrViolation = new DtrViolation(hypervisor, memory, _eptViolation, registerHooks, failPolicy);

        VerdictPolicy policy = new(options, settings.InvertVerdicts);
        Alerts = new AlertRaiser(hypervisor, policy);
        _watch = new RegisterWatch(hypervisor);
        _idt = new IdtProtection(hypervisor, memory, _frameHooks, policy, Alerts);
        _registers = new RegisterProtection(
            hypervisor, registerHooks, policy, Alerts, _watch, GuardedRegister.For(options, config.Guards));
        _idtr = new TableRegisterProtection(registerHooks, policy, Alerts, _watch, DescriptorAccess.Idtr);
        _gdtr = new TableRegisterProtection(registerHooks, policy, Alerts, _watch, DescriptorAccess.Gdtr);
    }

    /// <summary>The hypervisor of the guest.</summary>
    public Hypervisor Hypervisor { get; }

    /// <summary>Options in force: those that were asked for and that this version acts on.</summary>
    public GuestOptions Options { get; }

    /// <summary>Its hooks on frames.</summary>
    public FrameHooks FrameHooks => _frameHooks;

    /// <summary>Records of its vCPUs.</summary>
    public VcpuTable Vcpus => _vcpus;

    /// <summary>Its alerts.</summary>
    public AlertRaiser Alerts { get; }

    /// <summary>Length of the ticks in its counters.</summary>
    public TickScale TickScale { get; }

    /// <summary>Calls of the timer.</summary>
    public ulong TimerCalls { get; private set; }

    /// <summary>What became of every protection that was asked for; replaced as a whole.</summary>
    public IReadOnlyList<ProtectionReport> Reports => Volatile.Read(ref _reports);

    /// <summary>Sets the hooks of every protection that is on. What cannot be guarded is in the log and in the reports.</summary>
    public void Start()
    {
        // Exits may come from the first hook on: what is read here is read under a claim.
        ulong* cell = _claims.TryClaimLife();
        try
        {
            StartProtections();
        }
        finally
        {
            if (cell != null)
                ClaimTable.Release(cell);
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

    /// <summary>Gives all rights back and ends every exit that was enabled. After <see cref="TryClose"/>.</summary>
    public void Stop()
    {
        _started = false;
        _gdtr.Stop();
        _idtr.Stop();
        _registers.Stop();
        _idt.Stop();
        _watch.Clear();
        if (_timerRegistered)
            Hypervisor.RegisterTimerHandler(0);
        _timerRegistered = false;
        Volatile.Write(ref _reports, []);
    }

    /// <summary>Starts over, with the same options: another kernel runs now. False: an exit is still inside; nothing was done.</summary>
    public bool TryReset()
    {
        bool closed = TryClose();
        if (closed)
        {
            Stop();
            _memory.Mapped?.Clear();
            _vcpus.Reset();
            Start();
        }

        _closing = false;
        return closed;
    }

    /// <summary>Gives every mapping back and frees unmanaged memory. After <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        _memory.Close();
        _retired.Dispose();
        _frameHooks.Dispose();
    }

    private bool Has(GuestOptions option) => (Options & option) != GuestOptions.None;

    private void StartProtections()
    {
        List<ProtectionReport> reports = [];
        VcpuSnapshot[] now = _registerAccess.ReadAll();
        if (Has(GuestOptions.ProtectIdt))
            _idt.Start(_vcpus, now, reports);
        _registers.Start(now, reports);
        if (Has(GuestOptions.ProtectIdtr))
            _idtr.Start(now, reports);
        if (Has(GuestOptions.ProtectGdtr))
            _gdtr.Start(now, reports);
        Volatile.Write(ref _reports, reports);
        _started = true;
        if (!_watch.IsEmpty)
            StartTimer();

        foreach (ProtectionReport report in reports)
            LogReport(report);
    }

    private void StartTimer()
    {
        IntStatus status = Hypervisor.RegisterTimerHandler(_timerHandler);
        _timerRegistered = status.IsSuccess();
        if (!_timerRegistered)
        {
            Hypervisor.Log.Write(
                IgLogLevel.Warning, $"no timer from the glue ({status}): it has to call IntHandleTimer by itself");
        }
    }

    private void LogReport(ProtectionReport report)
    {
        switch (report.State)
        {
            case ProtectionState.Prevented:
                Hypervisor.Log.Write(IgLogLevel.Info, $"{report.Name}: guarded, changes are judged before they happen");
                break;
            case ProtectionState.Watched:
                Hypervisor.Log.Write(
                    IgLogLevel.Warning, $"{report.Name}: cannot be trapped here, compared every second ({report.Detail})");
                break;
            default:
                Hypervisor.Log.Write(IgLogLevel.Warning, $"{report.Name}: not guarded: {report.Detail}");
                break;
        }
    }
}
