using System;
using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Alerts;
using Engine.Concurrency;
using Engine.Events;
using Engine.Guests;
using Engine.Guests.Linux;
using Engine.Hooks;
using Engine.Hooks.Linear;
using Engine.Hooks.Translations;
using Engine.Hosting;
using Engine.Injection;
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
    private const GlueCapabilities Notices = GlueCapabilities.Injection | GlueCapabilities.InjectionNotices;

    private readonly ClaimTable _claims;
    private readonly ExitChores _chores;
    private readonly RetireList _retired;
    private readonly VcpuTable _vcpus;
    private readonly VcpuBlock* _blocks;
    private readonly uint _vcpuCount;
    private readonly InstructionUnit[] _units;
    private readonly RegisterAccess _registerAccess;
    private readonly GuestMemory _memory;
    private readonly RetiredMappings? _retiredMappings;
    private readonly FrameHooks _frameHooks;
    private readonly TranslationHooks _translationHooks;
    private readonly EptViolation _eptViolation;
    private readonly RegisterWriteEvents _registerWrites;
    private readonly DtrViolation _dtrViolation;
    private readonly RegisterWatch _watch;
    private readonly IProtection[] _protections;
    private readonly VerdictPolicy _policy;
    private readonly ExceptionInjector _injector;
    private readonly SwapMemory _swap;
    private readonly TimerEvent _timer;
    private readonly BreakpointEvent _breakpoint;
    private readonly IntroCallEvent _introCall;
    private readonly SwapTimerJob _swapJob;
    private readonly TranslationTimerJob _translationJob;
    private readonly nint _injectionHandler;
    private readonly Action<ActiveGuest> _endGuest;
    private List<ProtectionReport> _reports = [];
    private OptionSet _asked;
    private int _commitFailures;
    private volatile bool _closing;

    public ActiveGuest(
        in EngineSettings settings, Hypervisor hypervisor, GuestMemory memory, GuestOptions options, in IntroGuestConfig config,
        int vcpuCount, Action<ActiveGuest> endGuest)
    {
        Hypervisor = hypervisor;
        _asked = new OptionSet(options, config.Guards);
        _memory = memory;
        TickScale = new TickScale(hypervisor);
        _vcpus = new VcpuTable(vcpuCount);
        _blocks = _vcpus.Blocks;
        _claims = _vcpus.Claims;
        _chores = _claims.Chores;
        _retired = new RetireList(_claims);
        memory.SetPhysicalAddressBits((int)config.PhysicalAddressBits);
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
        PendingUds = new PendingUds(_vcpus);
        _injector = new ExceptionInjector(hypervisor, vcpuCount, PendingUds);
        GuestFaults faults = new(memory, _injector);
        FailPolicy failPolicy = new(config.Flags);
        _translationHooks = new TranslationHooks(
            _frameHooks, memory, vcpuCount, waits => _chores.Set(ExitChore.SettleTranslations, waits), () => _timer!.Add(_translationJob!),
            traps: (hypervisor.Capabilities & GlueCapabilities.FrameRights) != GlueCapabilities.None);
        _translationJob = new TranslationTimerJob(_translationHooks);
        LinearHooks = new LinearHooks(_frameHooks, _translationHooks, memory);
        _eptViolation = new EptViolation(
            hypervisor, memory, _frameHooks, _units, faults, failPolicy, completion, _translationHooks);
        _registerWrites = new RegisterWriteEvents(hypervisor, memory, _units, registerHooks);
        _dtrViolation = new DtrViolation(hypervisor, memory, _eptViolation, registerHooks, faults, failPolicy);

        _policy = new VerdictPolicy(settings.InvertVerdicts);
        Alerts = new AlertRaiser(hypervisor, _policy);
        _eptViolation.Unjudged = Alerts;
        _watch = new RegisterWatch(hypervisor);
        Integrity = new IntegrityRegions(hypervisor, memory, regions => _timer!.Add(regions));
        IdtProtection idt = new(hypervisor, memory, _frameHooks, _policy, Alerts, Integrity, vcpuCount);
        _protections =
        [
            idt,
            new RegisterProtection(hypervisor, registerHooks, _policy, Alerts, _watch),
            new TableRegisterProtection(registerHooks, _policy, Alerts, _watch, DescriptorAccess.Idtr, idt),
            new TableRegisterProtection(registerHooks, _policy, Alerts, _watch, DescriptorAccess.Gdtr),
        ];

        _endGuest = endGuest;
        End = new EndRequest(hypervisor.Log, () => _chores.Set(ExitChore.EndGuest, true));
        _timer = new TimerEvent(hypervisor, settings.TimerHandler);
        _breakpoint = new BreakpointEvent(hypervisor, memory, _registerAccess, End, settings.BreakpointHandler);
        _introCall = new IntroCallEvent(hypervisor, End, settings.IntroCallHandler);
        _injectionHandler = settings.InjectionHandler;
        _swap = new SwapMemory(
            memory, _registerAccess, _injector, waits => _chores.Set(ExitChore.SwapIn, waits), () => _timer.Add(_swapJob!));
        _swap.Watch = new SwapTranslations(_translationHooks, _swap);
        _swapJob = new SwapTimerJob(_swap);
        LinuxDetection = new LinuxDetectionJob(memory, new VcpuSource(hypervisor, _registerAccess), OnDetectionEnd);
        CodeDump = new CodeDump(hypervisor, memory);
        _debug = new DebugCommands(hypervisor, memory, registerHooks, CodeDump);
    }

    /// <summary>The hypervisor of the guest.</summary>
    public Hypervisor Hypervisor { get; }

    /// <summary>Its memory.</summary>
    public GuestMemory Memory => _memory;

    /// <summary>Options in force: those that were asked for and that this version acts on.</summary>
    public GuestOptions Options => _policy.InForce.Options;

    /// <summary>Whether its end was asked for from within.</summary>
    public EndRequest End { get; }

    /// <summary>What injects exceptions into it.</summary>
    public ExceptionInjector Injector => _injector;

    /// <summary>Its denied executions whose #UD is pending.</summary>
    public PendingUds PendingUds { get; }

    /// <summary>Reads of its absent memory.</summary>
    public SwapMemory SwapMemory => _swap;

    /// <summary>Registers of its vCPUs.</summary>
    public RegisterAccess Registers => _registerAccess;

    /// <summary>Who is asked about INT3.</summary>
    public HandlerChain<IBreakpointHandler> Breakpoints => _breakpoint.Handlers;

    /// <summary>Who is asked about VMCALL.</summary>
    public HandlerChain<IIntroCallHandler> IntroCalls => _introCall.Handlers;

    /// <summary>Its jobs on the timer.</summary>
    public TimerEvent TimerJobs => _timer;

    /// <summary>Its memory that is compared on the timer.</summary>
    public IntegrityRegions Integrity { get; }

    /// <summary>Its hooks on frames.</summary>
    public FrameHooks FrameHooks => _frameHooks;

    /// <summary>Its watches of how linear pages are translated.</summary>
    public TranslationHooks TranslationHooks => _translationHooks;

    /// <summary>Its hooks on linear addresses, which follow their pages.</summary>
    public LinearHooks LinearHooks { get; }

    /// <summary>Records of its vCPUs.</summary>
    public VcpuTable Vcpus => _vcpus;

    /// <summary>Its alerts.</summary>
    public AlertRaiser Alerts { get; }

    /// <summary>Length of the ticks in its counters.</summary>
    public TickScale TickScale { get; }

    /// <summary>What became of every protection that was asked for; replaced as a whole.</summary>
    public IReadOnlyList<ProtectionReport> Reports => Volatile.Read(ref _reports);

    /// <summary>Sets the hooks of every protection that was asked for. What cannot be guarded is in the log and in the reports.</summary>
    public void Start()
    {
        if ((Hypervisor.Capabilities & Notices) == Notices)
        {
            IntStatus status = Hypervisor.RegisterEventInjectionHandler(_injectionHandler);
            if (!status.IsSuccess())
                Hypervisor.Log.Write(IgLogLevel.Warning, $"what becomes of injections will not be told: {status}");
        }

        if (_eptViolation.Repetitions.IsPossible)
            _timer.Add(_eptViolation.Repetitions);
        Apply(_asked);
        foreach (ProtectionReport report in Reports)
            LogReport(report);
        _timer.Add(LinuxDetection);
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

    /// <summary>Ends what has to end while exits still go on, as often as it is called: nothing is guarded any more, nothing is injected
    /// into the guest, and reads that wait are cancelled.</summary>
    public void Prepare()
    {
        _injector.Stop(true);
        _swap.Close();
        Apply(OptionSet.None);
    }

    /// <summary>Gives everything back that is still the hypervisor's. After <see cref="Prepare"/> and <see cref="TryClose"/>.</summary>
    public void Stop()
    {
        _debug.Stop();
        _timer.Clear();
        Integrity.Clear();
        _eptViolation.Repetitions.Stop();
        _breakpoint.Handlers.Clear();
        _introCall.Handlers.Clear();
        if ((Hypervisor.Capabilities & Notices) == Notices)
            Hypervisor.RegisterEventInjectionHandler(0);
        foreach (IProtection protection in _protections)
            protection.Forget();
    }

    /// <summary>Starts over, with the same options: another kernel runs now. False: an exit is still inside; nothing was done.</summary>
    public bool TryReset()
    {
        bool closed = TryClose();
        if (closed)
        {
            Prepare();
            Stop();
            _memory.Mapped?.Clear();
            LinuxDetection.Forget();
            _vcpus.Reset();
            End.Reset();
            _chores.Set(ExitChore.EndGuest, false);
            _power = GuestPowerState.Resume;
            PendingUds.Clear();
            _injector.ForgetAll();
            _injector.Stop(false);
            _swap.Open();
            Start();
        }

        _closing = false;
        return closed;
    }

    /// <summary>Gives every mapping back and frees unmanaged memory. After <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        LinuxDetection.Dispose();
        _memory.Close();
        _retired.Dispose();
        LinearHooks.Dispose();
        _translationHooks.Dispose();
        _frameHooks.Dispose();
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
