using System;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;
using Engine.Memory;

namespace Engine.Sessions;

/// <summary>
/// One guest handle: the memory that was declared for it, its configuration, and its active part from NewGuestNotification to
/// DisableIntro.
/// </summary>
/// <remarks>Thread safety: exits read <see cref="Active"/>, once. Changes of phase are made by compare-exchange; a thread that loses
/// is answered BUSY. No lock is held while the glue is called.</remarks>
internal sealed unsafe class GuestSession
{
    private readonly EngineSettings _settings;
    private readonly HostLog _log;
    private readonly GuestMemory _memory = new();
    private readonly Lock _removals = new();
    private (ulong Gpa, ulong Size) _pendingRemoval;
    private volatile bool _removalPending;
    private readonly Action<GuestSession> _onEnded;
    private ActiveGuest? _active;
    private int _phase = (int)GuestPhase.Declared;

    /// <param name="handle">The glue's value for the guest.</param>
    /// <param name="settings">Those of the engine.</param>
    /// <param name="onEnded">Called when the guest was let go from within an exit.</param>
    public GuestSession(nint handle, in EngineSettings settings, Action<GuestSession> onEnded)
    {
        _onEnded = onEnded;
        Handle = handle;
        _settings = settings;
        _log = new HostLog(settings.Upper.TracePrint, settings.Shim);
    }

    /// <summary>The glue's value for the guest.</summary>
    public nint Handle { get; }

    /// <summary>The active part, or null.</summary>
    public ActiveGuest? Active => Volatile.Read(ref _active);

    /// <summary>Facts about its hypervisor.</summary>
    public IntroGuestConfig Config { get; private set; }

    /// <summary>Whether the directory does not know it any more.</summary>
    public bool IsForgotten => Volatile.Read(ref _phase) == (int)GuestPhase.Forgotten;

    /// <summary>Level of the guest's log.</summary>
    public IgLogLevel LogLevel
    {
        set => _log.Level = value;
    }

    /// <summary>Ends it if nothing is left that it is kept for; then it cannot be started any more.</summary>
    public bool TryForget() =>
        Active is null && !_memory.HasRegions && !_removalPending && Config.Size == 0 &&
        Interlocked.CompareExchange(ref _phase, (int)GuestPhase.Forgotten, (int)GuestPhase.Declared) == (int)GuestPhase.Declared;

    /// <summary>IntConfigureGuest.</summary>
    public IntStatus Configure(in IntroGuestConfig config)
    {
        if (Active is not null)
            return IntStatus.AlreadyInitialized;
        Config = config;
        return IntStatus.Success;
    }

    /// <summary>IntDeclareGuestMemory; the arguments have been checked.</summary>
    public IntStatus DeclareMemory(ulong gpa, ulong size, byte* host)
    {
        if (_memory.TryAdd(gpa, size, host, out bool full))
            return IntStatus.Success;
        return full ? IntStatus.InsufficientResources : IntStatus.DataAlreadyExists;
    }

    /// <summary>IntRemoveGuestMemory. BUSY: it is out of sight already, but an exit may still use it; call again.</summary>
    public IntStatus RemoveMemory(ulong gpa, ulong size)
    {
        lock (_removals)
        {
            if (_removalPending)
            {
                if (_pendingRemoval != (gpa, size))
                    return IntStatus.Busy;
            }
            else if (!_memory.TryRemove(gpa, size))
            {
                return IntStatus.NotFound;
            }

            _pendingRemoval = (gpa, size);
            _removalPending = true;
            ActiveGuest? active = Active;
            if (active is not null && !active.Quiesce())
                return IntStatus.Busy;
            _removalPending = false;
            return IntStatus.Success;
        }
    }

    /// <summary>NewGuestNotification.</summary>
    public IntStatus Start(GuestOptions asked)
    {
        if (Interlocked.CompareExchange(ref _phase, (int)GuestPhase.Changing, (int)GuestPhase.Declared) != (int)GuestPhase.Declared)
        {
            return Active is not null && Volatile.Read(ref _phase) == (int)GuestPhase.Active
                ? IntStatus.AlreadyInitializedHint : IntStatus.Busy;
        }

        IntStatus status = IntStatus.InvalidInternalState;
        try
        {
            status = StartActive(asked);
        }
        finally
        {
            Volatile.Write(ref _phase, (int)(status.IsSuccess() ? GuestPhase.Active : GuestPhase.Declared));
        }

        return status;
    }

    /// <summary>DisableIntro. <see cref="IntStatus.CannotUnload"/>: an exit is still inside, or something of the engine is in use in the
    /// guest; it is to be called again. Nothing is guarded any more from the first call on.</summary>
    /// <param name="ignoreSafeness">Whether what is in use in the guest does not count (IG_DISABLE_IGNORE_SAFENESS).</param>
    public IntStatus Stop(bool ignoreSafeness) => Stop(ignoreSafeness, only: null);

    private IntStatus Stop(bool ignoreSafeness, ActiveGuest? only)
    {
        int phase = Volatile.Read(ref _phase);
        if (phase is (int)GuestPhase.Declared or (int)GuestPhase.Forgotten)
            return IntStatus.NotNeededHint;
        if (phase == (int)GuestPhase.Changing ||
            Interlocked.CompareExchange(ref _phase, (int)GuestPhase.Changing, phase) != phase)
        {
            return IntStatus.CannotUnload;
        }

        ActiveGuest active = Active!;
        if (only is not null && active != only)
        {
            // It has been let go meanwhile, and this is its successor.
            Volatile.Write(ref _phase, phase);
            return IntStatus.NotNeededHint;
        }

        if (!ignoreSafeness && !active.End.IsBugCheck && active.UnloadChecks.Count != 0)
        {
            // What is in use in the guest needs its exits, until it is not any more.
            active.Prepare();
            if (!active.MayUnload())
            {
                Volatile.Write(ref _phase, (int)GuestPhase.Ending);
                return IntStatus.CannotUnload;
            }
        }

        if (!active.TryClose())
        {
            Volatile.Write(ref _phase, (int)GuestPhase.Closing);
            return IntStatus.CannotUnload;
        }

        active.Prepare();
        active.Stop();
        Volatile.Write(ref _active, null);

        // Who has read the active part just before may still try to claim, and is turned away; nobody holds a claim.
        active.Dispose();
        Config = default;
        Volatile.Write(ref _phase, (int)GuestPhase.Declared);
        active.Hypervisor.Log.Write(IgLogLevel.Info, $"introspection stopped, all rights given back");
        active.Hypervisor.NotifyDeactivated();
        return IntStatus.Success;
    }

    /// <summary>IntGuestReset. <see cref="IntStatus.CannotUnload"/>: an exit is still inside; it is to be called again.</summary>
    public IntStatus Reset()
    {
        if (Interlocked.CompareExchange(ref _phase, (int)GuestPhase.Changing, (int)GuestPhase.Active) != (int)GuestPhase.Active)
            return Active is null ? IntStatus.NotInitialized : IntStatus.CannotUnload;

        try
        {
            if (!Active!.TryReset())
                return IntStatus.CannotUnload;
            _log.Write(IgLogLevel.Info, $"the guest starts over: protection was set up anew");
            return IntStatus.Success;
        }
        finally
        {
            Volatile.Write(ref _phase, (int)GuestPhase.Active);
        }
    }

    /// <summary>ModifyDynamicOptions. <see cref="IntStatus.NotInitialized"/>: not active; <see cref="IntStatus.NotNeededHint"/>: it is
    /// being let go; <see cref="IntStatus.PowerStateBlock"/>: it is asleep; <see cref="IntStatus.Busy"/>: another change is under way.
    /// </summary>
    public IntStatus UpdateOptions(GuestOptions asked)
    {
        int phase = Interlocked.CompareExchange(ref _phase, (int)GuestPhase.Changing, (int)GuestPhase.Active);
        if (phase != (int)GuestPhase.Active)
        {
            return Active is null ? IntStatus.NotInitialized
                : phase == (int)GuestPhase.Changing ? IntStatus.Busy : IntStatus.NotNeededHint;
        }

        try
        {
            ActiveGuest active = Active!;
            if (active.IsAsleep)
                return IntStatus.PowerStateBlock;
            active.UpdateOptions(WhatIsBuilt(asked));
            return IntStatus.Success;
        }
        finally
        {
            Volatile.Write(ref _phase, (int)GuestPhase.Active);
        }
    }

    /// <summary>DebugProcessCommand. <see cref="IntStatus.NotInitialized"/>: not active; <see cref="IntStatus.Busy"/>: another change is
    /// under way, or the vCPU is in an exit.</summary>
    public IntStatus Debug(uint vcpu, ReadOnlySpan<byte> command, ReadOnlySpan<byte> argument)
    {
        if (Interlocked.CompareExchange(ref _phase, (int)GuestPhase.Changing, (int)GuestPhase.Active) != (int)GuestPhase.Active)
            return Active is null ? IntStatus.NotInitialized : IntStatus.Busy;

        try
        {
            return Active!.Debug(vcpu, command, argument);
        }
        finally
        {
            Volatile.Write(ref _phase, (int)GuestPhase.Active);
        }
    }

    /// <summary>NotifyGuestPowerStateChange. <see cref="IntStatus.NotInitialized"/>: not active.</summary>
    public IntStatus ChangePowerState(GuestPowerState state) =>
        Active is { } active ? active.ChangePowerState(state) : IntStatus.NotInitialized;

    private void EndOnReturn(ActiveGuest guest)
    {
        if (Active == guest && Stop(ignoreSafeness: false, guest) == IntStatus.Success)
            _onEnded(this);
    }

    private GuestOptions WhatIsBuilt(GuestOptions asked)
    {
        GuestOptions options = asked & GuestOptions.Supported;
        if (options != asked)
            _log.Write(IgLogLevel.Warning, $"options not built in this version, ignored: {(ulong)(asked & ~GuestOptions.Supported):x}");
        return options;
    }

    private IntStatus StartActive(GuestOptions asked)
    {
        Hypervisor hypervisor = new(
            _settings.Glue, Handle, _settings.Shim, _log,
            pausesInExit: (Config.Flags & GuestConfigFlags.NoPauseInExit) == GuestConfigFlags.None,
            guardsPageTables: (Config.Flags & GuestConfigFlags.NoPageTables) == GuestConfigFlags.None);
        GuestOptions options = WhatIsBuilt(asked);

        uint vcpuCount = 0;
        IntStatus status = hypervisor.Query(QueryInfoClass.CpuCount, 0, ref vcpuCount);
        if (!status.IsSuccess())
        {
            _log.Write(IgLogLevel.Error, $"the number of vCPUs cannot be had: {status}");
            return status;
        }

        if (vcpuCount is 0 or > Limits.MaxVcpus)
        {
            _log.Write(IgLogLevel.Error, $"{vcpuCount} vCPUs: 1 to {Limits.MaxVcpus} are supported");
            return IntStatus.NotSupported;
        }

        if (Config.StoreCompletion == IntroCompletion.Refetch)
        {
            _log.Write(
                IgLogLevel.Info,
                $"stores are completed by the engine where it can, else by refetch: then code that changes between verdict and completion is not caught");
        }

        IntroGuestConfig config = Config;
        ActiveGuest active = new(in _settings, hypervisor, _memory, options, in config, (int)vcpuCount, EndOnReturn);
        Volatile.Write(ref _active, active);
        active.Start();
        hypervisor.NotifyActivated();
        return IntStatus.Success;
    }
}
