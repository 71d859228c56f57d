using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;

namespace Tests.Unit.Fakes;

/// <summary>
/// The hypervisor of one guest of a test: its registers, its rights, and what the engine asked of it. FakeGlue's functions find
/// it by its handle. What a test must not see allocate is kept in fields that exist from the start.
/// </summary>
internal sealed class FakeHypervisor
{
    private static readonly ConcurrentDictionary<nint, FakeHypervisor> s_guests = new();
    private static int s_last;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, EptAccess> _withdrawn = [];
    private readonly List<string> _journal = [];

    public FakeHypervisor(int vcpus = 1)
    {
        VcpuCount = (uint)vcpus;
        Regs = new IgArchRegs[vcpus];
        Efer = new ulong[vcpus];
        CsType = new IgCsType[vcpus];
        CsType.AsSpan().Fill(IgCsType.Bits64);
        Cpl = new uint[vcpus];
        Segments = new IgSegRegs[vcpus];
        Handle = Interlocked.Increment(ref s_last);
        s_guests[Handle] = this;
    }

    public nint Handle { get; }

    public uint VcpuCount { get; set; }

    public IgArchRegs[] Regs { get; }

    public ulong[] Efer { get; }

    public IgCsType[] CsType { get; }

    public uint[] Cpl { get; }

    public IgSegRegs[] Segments { get; }

    public ulong Xcr0 { get; set; }

    public uint EptIndex { get; set; }

    /// <summary>Model-specific registers of every vCPU, besides EFER.</summary>
    public Dictionary<uint, ulong> Msrs { get; } = [];

    /// <summary>Every exception that was asked for, in order.</summary>
    public List<FakeInjection> Injections { get; } = [];

    /// <summary>Every call of ToggleRepOptimization, in order.</summary>
    public List<bool> Toggles { get; } = [];

    /// <summary>What ToggleRepOptimization answers.</summary>
    public IntStatus ToggleAnswer { get; set; }

    /// <summary>What InjectTrap answers.</summary>
    public IntStatus InjectAnswer { get; set; }

    /// <summary>Handlers of injections, breakpoints and hypercalls that are registered.</summary>
    public nint InjectionHandler { get; set; }

    public nint BreakpointHandler { get; set; }

    public nint IntroCallHandler { get; set; }

    /// <summary>What PauseVcpus answers.</summary>
    public IntStatus PauseAnswer { get; set; }

    /// <summary>Memory that PhysMemMapToHost gives out; null: none.</summary>
    public GuestRam? Ram { get; set; }

    /// <summary>Address that PhysMemMapToHost gives out for every page; 0: <see cref="Ram"/> counts.</summary>
    public nint MapsTo { get; set; }

    /// <summary>Whether SET_REGISTERS works.</summary>
    public bool TakesRegisters { get; set; }

    /// <summary>What XSAVE_AREA answers; empty: nothing.</summary>
    public byte[] Xsave { get; set; } = [];

    public FakeLog Log { get; } = new();

    public AlertSink Alerts { get; } = new();

    /// <summary>What each query answers, by its class; Success: the value.</summary>
    public IntStatus[] QueryAnswers { get; } = new IntStatus[32];

    public IntStatus SetRightsAnswer { get; set; }

    public IntStatus RegisterAnswer { get; set; }

    /// <summary>How often each class was queried.</summary>
    public int[] Queries { get; } = new int[32];

    public int Maps;

    public int Unmaps;

    public int Flushes;

    public int Registrations;

    public int Unregistrations;

    public int Activations;

    public int Deactivations;

    public int Releases;

    public int Pauses;

    public int Resumes;

    public nint RegisteredHandler;

    /// <summary>Whether calls that change rights are written down in order.</summary>
    public bool KeepJournal { get; set; } = true;

    /// <summary>Called inside SetEPTPageProtection, before the rights change.</summary>
    public Action<ulong>? OnSetRights { get; set; }

    public string[] Journal
    {
        get
        {
            lock (_lock)
                return [.. _journal];
        }
    }

    /// <summary>Frames whose rights are withdrawn.</summary>
    public int WithdrawnFrames
    {
        get
        {
            lock (_lock)
                return _withdrawn.Count;
        }
    }

    public static FakeHypervisor? Find(nint handle) => s_guests.GetValueOrDefault(handle);

    /// <summary>Lets the process forget it, for tests with very many.</summary>
    public void Forget()
    {
        s_guests.TryRemove(Handle, out _);
        Log.Forget();
    }

    /// <summary>Bytes that SetIntroEmulatorContext was given last, and where.</summary>
    public byte[] Context { get; set; } = [];

    public ulong ContextGla { get; set; }

    public IntStatus ContextAnswer { get; set; }

    /// <summary>The engine's view of it through another table.</summary>
    public Hypervisor Open(in GlueIface glue) => new(in glue, Handle, FakeShim.WithoutCopy, Log.Open());

    /// <summary>The engine's view of it.</summary>
    public Hypervisor Open(bool withCopy = false, bool pausesInExit = true, Func<GlueIface, GlueIface>? trim = null) =>
        new(
            trim is null ? FakeGlue.Table() : trim(FakeGlue.Table()), Handle,
            withCopy ? FakeShim.WithCopy : FakeShim.WithoutCopy, Log.Open(), pausesInExit);

    /// <summary>Rights that are withdrawn of a frame.</summary>
    public EptAccess Withdrawn(ulong gpa)
    {
        lock (_lock)
            return _withdrawn.GetValueOrDefault(gpa);
    }

    internal void SetWithdrawn(ulong gpa, EptAccess withdrawn)
    {
        lock (_lock)
        {
            if (withdrawn == EptAccess.None)
                _withdrawn.Remove(gpa);
            else
                _withdrawn[gpa] = withdrawn;
        }
    }

    internal void Note(string what)
    {
        lock (_lock)
            _journal.Add(what);
    }
}
