using System.Diagnostics;
using System.Runtime.CompilerServices;
using Engine.Abi;

namespace Engine.Hosting;

/// <summary>
/// The hypervisor of one guest as the engine sees it: the glue's table, typed, with the guest's handle filled in. Members that
/// a table may lack answer <see cref="IntStatus.NotSupported"/>; <see cref="Capabilities"/> tells beforehand.
/// </summary>
/// <remarks>Thread safety: all members may be called from any thread; the glue's functions are as safe as the glue made them. No
/// engine lock may be held by the caller.</remarks>
internal sealed unsafe partial class Hypervisor
{
    private readonly GlueIface _glue;
    private readonly delegate* unmanaged[SuppressGCTransition]<ulong> _ticks;
    private readonly void* _handle;

    /// <param name="glue">The glue's table, of which a copy is kept.</param>
    /// <param name="handle">The glue's value for the guest.</param>
    /// <param name="shim">The functions that must be C.</param>
    /// <param name="log">The guest's log.</param>
    /// <param name="pausesInExit">Whether PauseVcpus may be called from within an exit handler.</param>
    /// <param name="guardsPageTables">Whether rights of pages that hold page tables may be withdrawn.</param>
    public Hypervisor(
        in GlueIface glue, nint handle, in NativeShim shim, HostLog log, bool pausesInExit = true, bool guardsPageTables = true)
    {
        _glue = glue;
        _handle = (void*)handle;
        Shim = shim;
        _ticks = shim.Ticks;
        Log = log;
        Capabilities =
            When(glue.PhysMemMapToHost != null && glue.PhysMemUnmap != null, GlueCapabilities.MapMemory) |
            When(
                glue.RegisterEPTHandler != null && glue.UnregisterEPTHandler != null && glue.SetEPTPageProtection != null,
                GlueCapabilities.FrameRights) |
            When(
                guardsPageTables && glue.RegisterEPTHandler != null && glue.UnregisterEPTHandler != null &&
                glue.SetEPTPageProtection != null,
                GlueCapabilities.PageTableRights) |
            When(glue.FlushEPTPermissions != null, GlueCapabilities.FlushRights) |
            When(glue.GetEPTPageProtection != null, GlueCapabilities.ReadRights) |
            When(glue.SetIntroEmulatorContext != null, GlueCapabilities.PatchedReads) |
            When(glue.ToggleRepOptimization != null, GlueCapabilities.SingleIterations) |
            When(
                glue.RegisterCrWriteHandler != null && glue.UnregisterCrWriteHandler != null &&
                glue.EnableCrWriteExit != null && glue.DisableCrWriteExit != null,
                GlueCapabilities.CrWrites) |
            When(
                glue.RegisterMSRHandler != null && glue.UnregisterMSRHandler != null &&
                glue.EnableMSRExit != null && glue.DisableMSRExit != null,
                GlueCapabilities.MsrWrites) |
            When(glue.RegisterDtrHandler != null && glue.UnregisterDtrHandler != null, GlueCapabilities.TableLoads) |
            When(glue.RegisterXcrWriteHandler != null && glue.UnregisterXcrWriteHandler != null, GlueCapabilities.XcrWrites) |
            When(glue.PauseVcpus != null && glue.ResumeVcpus != null, GlueCapabilities.Pause) |
            When(
                pausesInExit && glue.PauseVcpus != null && glue.ResumeVcpus != null, GlueCapabilities.PauseInExit) |
            When(glue.InjectTrap != null, GlueCapabilities.Injection) |
            When(
                glue.RegisterEventInjectionHandler != null && glue.UnregisterEventInjectionHandler != null,
                GlueCapabilities.InjectionNotices) |
            When(
                glue.RegisterBreakpointHandler != null && glue.UnregisterBreakpointHandler != null,
                GlueCapabilities.Breakpoints) |
            When(
                glue.RegisterIntroCallHandler != null && glue.UnregisterIntroCallHandler != null, GlueCapabilities.IntroCalls) |
            When(glue.RegisterIntroTimerHandler != null && glue.UnregisterIntroTimerHandler != null, GlueCapabilities.Timer);
    }

    /// <summary>The functions that must be C.</summary>
    public NativeShim Shim { get; }

    /// <summary>The guest's log.</summary>
    public HostLog Log { get; }

    /// <summary>What the glue can do.</summary>
    public GlueCapabilities Capabilities { get; }

    /// <summary>Now, in ticks whose length TickScale measures.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Ticks() => _ticks != null ? _ticks() : (ulong)Stopwatch.GetTimestamp();

    /// <summary>Asks for a value about a vCPU, or about the guest.</summary>
    public IntStatus Query<T>(QueryInfoClass infoClass, uint vcpu, ref T buffer)
        where T : unmanaged
    {
        fixed (T* pointer = &buffer)
            return _glue.QueryGuestInfo(_handle, (uint)infoClass, (void*)(nuint)vcpu, pointer, (uint)sizeof(T));
    }

    /// <summary>Reads a model-specific register of a vCPU.</summary>
    public IntStatus ReadMsr(uint vcpu, uint msr, out ulong value)
    {
        IgQueryMsr query = new() { MsrId = msr };
        IntStatus status = Query(QueryInfoClass.ReadMsr, vcpu, ref query);
        value = query.Value;
        return status;
    }

    /// <summary>Maps guest-physical memory within one page; the pointer is valid until <see cref="Unmap"/>.</summary>
    public IntStatus Map(ulong gpa, uint length, out byte* host)
    {
        host = null;
        if ((Capabilities & GlueCapabilities.MapMemory) == 0)
            return IntStatus.NotSupported;

        void* pointer = null;
        IntStatus status = _glue.PhysMemMapToHost(_handle, gpa, length, 0, &pointer);
        host = (byte*)pointer;
        return status.IsSuccess() && pointer == null ? IntStatus.NotFound : status;
    }

    /// <summary>Gives a mapping back.</summary>
    public void Unmap(byte* host)
    {
        void* pointer = host;
        _glue.PhysMemUnmap(_handle, &pointer);
    }

    /// <summary>Sets the rights of a frame; lazy until <see cref="FlushRights"/>.</summary>
    public IntStatus SetRights(ulong gpa, bool read, bool write, bool execute) =>
        (Capabilities & GlueCapabilities.FrameRights) == 0
            ? IntStatus.NotSupported
            : _glue.SetEPTPageProtection(
                _handle, CurrentEpt, gpa, (byte)(read ? 1 : 0), (byte)(write ? 1 : 0), (byte)(execute ? 1 : 0));

    /// <summary>Makes changed rights visible to every vCPU.</summary>
    public IntStatus FlushRights() =>
        (Capabilities & GlueCapabilities.FlushRights) == 0 ? IntStatus.NotNeededHint : _glue.FlushEPTPermissions(_handle);

    /// <summary>Registers the handler of memory violations.</summary>
    public IntStatus RegisterEptHandler(nint handler) =>
        (Capabilities & GlueCapabilities.FrameRights) == 0
            ? IntStatus.NotSupported
            : _glue.RegisterEPTHandler(_handle, (void*)handler);

    /// <summary>Unregisters it.</summary>
    public IntStatus UnregisterEptHandler() => _glue.UnregisterEPTHandler(_handle);

    /// <summary>Says that protection is on.</summary>
    public void NotifyActivated()
    {
        if (_glue.NotifyIntrospectionActivated != null)
            _glue.NotifyIntrospectionActivated(_handle);
    }

    /// <summary>Says that protection is off.</summary>
    public void NotifyDeactivated()
    {
        if (_glue.NotifyIntrospectionDeactivated != null)
            _glue.NotifyIntrospectionDeactivated(_handle);
    }

    /// <summary>Says which operating system was found; the structure is the engine's again on return.</summary>
    public void NotifyDetectedOs(ref IntroGuestInfo info)
    {
        if (_glue.NotifyIntrospectionDetectedOs == null)
            return;
        fixed (IntroGuestInfo* pointer = &info)
            _glue.NotifyIntrospectionDetectedOs(_handle, pointer);
    }

    /// <summary>Hands an alert over; the buffer is the engine's again on return.</summary>
    public IntStatus NotifyAlert<T>(IntroEventType type, ref T alert)
        where T : unmanaged
    {
        fixed (T* pointer = &alert)
            return _glue.NotifyIntrospectionAlert(_handle, (uint)type, pointer, (nuint)sizeof(T));
    }

    private static GlueCapabilities When(bool present, GlueCapabilities capability) =>
        present ? capability : GlueCapabilities.None;

    /// <summary>IG_CURRENT_EPT.</summary>
    private const uint CurrentEpt = 0xFFFF_FFFF;
}
