using System;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;

namespace Tests.Unit.Fakes;

/// <summary>A glue table whose functions serve every FakeHypervisor.</summary>
internal static unsafe class FakeGlue
{
    /// <summary>The table; members can be taken out of the copy.</summary>
    public static GlueIface Table() => new()
    {
        Version = GlueIface.Version1,
        Size = GlueIface.Version1Size,
        QueryGuestInfo = &Query,
        PhysMemMapToHost = &Map,
        PhysMemUnmap = &Unmap,
        SetEPTPageProtection = &SetRights,
        RegisterEPTHandler = &RegisterEpt,
        UnregisterEPTHandler = &UnregisterEpt,
        FlushEPTPermissions = &Flush,
        PauseVcpus = &Pause,
        ResumeVcpus = &Resume,
        InjectTrap = &Inject,
        RegisterEventInjectionHandler = &RegisterInjection,
        UnregisterEventInjectionHandler = &UnregisterInjection,
        RegisterBreakpointHandler = &RegisterBreakpoint,
        UnregisterBreakpointHandler = &UnregisterBreakpoint,
        RegisterIntroCallHandler = &RegisterIntroCall,
        UnregisterIntroCallHandler = &UnregisterIntroCall,
        NotifyIntrospectionActivated = &Activated,
        NotifyIntrospectionDeactivated = &Deactivated,
        NotifyIntrospectionAlert = &Alert,
        ReleaseBuffer = &Release,
    };

    /// <summary>The table with what few glues have.</summary>
    public static GlueIface Full()
    {
        GlueIface glue = Table();
        glue.GetEPTPageProtection = &GetRights;
        glue.SetIntroEmulatorContext = &SetContext;
        glue.ToggleRepOptimization = &ToggleRepetitions;
        return glue;
    }

    /// <summary>The services of the process, with a log.</summary>
    public static UpperIface Upper(FakeLog log) =>
        new() { Version = UpperIface.Version1, Size = UpperIface.Version1Size, TracePrint = log.Address };

    private static FakeHypervisor Of(void* handle) => FakeHypervisor.Find((nint)handle)!;

    [UnmanagedCallersOnly]
    private static IntStatus Query(void* handle, uint infoClass, void* parameter, void* buffer, uint length)
    {
        FakeHypervisor guest = Of(handle);
        uint vcpu = (uint)(nuint)parameter;
        Interlocked.Increment(ref guest.Queries[infoClass]);
        IntStatus answer = guest.QueryAnswers[infoClass];
        if (!answer.IsSuccess())
            return answer;

        switch ((QueryInfoClass)infoClass)
        {
            case QueryInfoClass.CpuCount when length == sizeof(uint):
                *(uint*)buffer = guest.VcpuCount;
                return IntStatus.Success;
            case QueryInfoClass.RegisterState or QueryInfoClass.RegisterStateGprs when length == sizeof(IgArchRegs):
                *(IgArchRegs*)buffer = guest.Regs[vcpu];
                return IntStatus.Success;
            case QueryInfoClass.ReadMsr when length == sizeof(IgQueryMsr) && ((IgQueryMsr*)buffer)->MsrId == 0xC000_0080:
                ((IgQueryMsr*)buffer)->Value = guest.Efer[vcpu];
                return IntStatus.Success;
            case QueryInfoClass.ReadMsr when length == sizeof(IgQueryMsr):
                return guest.Msrs.TryGetValue(((IgQueryMsr*)buffer)->MsrId, out ((IgQueryMsr*)buffer)->Value)
                    ? IntStatus.Success : IntStatus.NotSupported;
            case QueryInfoClass.SegRegisters when length == sizeof(IgSegRegs):
                *(IgSegRegs*)buffer = guest.Segments[vcpu];
                return IntStatus.Success;
            case QueryInfoClass.EptpIndex when length == sizeof(uint):
                *(uint*)buffer = guest.EptIndex;
                return IntStatus.Success;
            case QueryInfoClass.GetXcr0 when length == sizeof(ulong):
                *(ulong*)buffer = guest.Xcr0;
                return IntStatus.Success;
            case QueryInfoClass.CsType when length == sizeof(uint):
                *(IgCsType*)buffer = guest.CsType[vcpu];
                return IntStatus.Success;
            case QueryInfoClass.CsRing when length == sizeof(uint):
                *(uint*)buffer = guest.Cpl[vcpu];
                return IntStatus.Success;
            case QueryInfoClass.SetRegisters when length == sizeof(IgArchRegs) && guest.TakesRegisters:
                guest.Regs[vcpu] = *(IgArchRegs*)buffer;
                return IntStatus.Success;
            case QueryInfoClass.XsaveSize when length == sizeof(uint) && guest.Xsave.Length != 0:
                *(int*)buffer = guest.Xsave.Length;
                return IntStatus.Success;
            case QueryInfoClass.XsaveArea when length == guest.Xsave.Length:
                guest.Xsave.CopyTo(new Span<byte>(buffer, (int)length));
                return IntStatus.Success;
            case QueryInfoClass.SetXsaveArea when length == guest.Xsave.Length:
                new ReadOnlySpan<byte>(buffer, (int)length).CopyTo(guest.Xsave);
                return IntStatus.Success;
            default:
                return IntStatus.NotSupported;
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus Inject(void* handle, uint vcpu, byte vector, uint errorCode, ulong cr2)
    {
        FakeHypervisor guest = Of(handle);
        if (guest.InjectAnswer.IsSuccess())
            guest.Injections.Add(new FakeInjection(vcpu, vector, errorCode, cr2));
        return guest.InjectAnswer;
    }

    [UnmanagedCallersOnly]
    private static IntStatus RegisterInjection(void* handle, void* callback)
    {
        Of(handle).InjectionHandler = (nint)callback;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterInjection(void* handle)
    {
        Of(handle).InjectionHandler = 0;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus RegisterBreakpoint(void* handle, void* callback)
    {
        FakeHypervisor guest = Of(handle);
        if (guest.RegisterAnswer.IsSuccess())
            guest.BreakpointHandler = (nint)callback;
        return guest.RegisterAnswer;
    }

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterBreakpoint(void* handle)
    {
        Of(handle).BreakpointHandler = 0;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus RegisterIntroCall(void* handle, void* callback)
    {
        Of(handle).IntroCallHandler = (nint)callback;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterIntroCall(void* handle)
    {
        Of(handle).IntroCallHandler = 0;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Pause(void* handle)
    {
        FakeHypervisor guest = Of(handle);
        if (guest.PauseAnswer.IsSuccess())
            Interlocked.Increment(ref guest.Pauses);
        return guest.PauseAnswer;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Resume(void* handle)
    {
        Interlocked.Increment(ref Of(handle).Resumes);
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Map(void* handle, ulong gpa, uint length, uint flags, void** host)
    {
        FakeHypervisor guest = Of(handle);
        Interlocked.Increment(ref guest.Maps);
        if (guest.MapsTo != 0)
        {
            *host = (void*)guest.MapsTo;
            return IntStatus.Success;
        }

        if (guest.Ram is not { } ram || !ram.Contains(gpa, length))
            return IntStatus.NotFound;

        *host = ram.At(gpa);
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Unmap(void* handle, void** host)
    {
        Interlocked.Increment(ref Of(handle).Unmaps);
        *host = null;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus SetRights(void* handle, uint ept, ulong gpa, byte read, byte write, byte execute)
    {
        FakeHypervisor guest = Of(handle);
        guest.OnSetRights?.Invoke(gpa);
        EptAccess withdrawn = (read == 0 ? EptAccess.Read : 0) | (write == 0 ? EptAccess.Write : 0) |
            (execute == 0 ? EptAccess.Execute : 0);
        if (guest.KeepJournal)
            guest.Note($"rights {gpa:x} -{withdrawn}");
        if (ept != uint.MaxValue)
            return IntStatus.InvalidParameter2;
        if (guest.SetRightsAnswer.IsSuccess())
            guest.SetWithdrawn(gpa, withdrawn);
        return guest.SetRightsAnswer;
    }

    [UnmanagedCallersOnly]
    private static IntStatus GetRights(void* handle, uint ept, ulong gpa, byte* read, byte* write, byte* execute)
    {
        EptAccess withdrawn = Of(handle).Withdrawn(gpa);
        *read = (byte)((withdrawn & EptAccess.Read) == 0 ? 1 : 0);
        *write = (byte)((withdrawn & EptAccess.Write) == 0 ? 1 : 0);
        *execute = (byte)((withdrawn & EptAccess.Execute) == 0 ? 1 : 0);
        return ept == uint.MaxValue ? IntStatus.Success : IntStatus.InvalidParameter2;
    }

    [UnmanagedCallersOnly]
    private static IntStatus SetContext(void* handle, uint vcpu, ulong gla, uint size, byte* buffer)
    {
        FakeHypervisor guest = Of(handle);
        guest.ContextGla = gla;
        guest.Context = new ReadOnlySpan<byte>(buffer, (int)size).ToArray();
        return guest.ContextAnswer;
    }

    [UnmanagedCallersOnly]
    private static IntStatus ToggleRepetitions(void* handle, byte enable)
    {
        FakeHypervisor guest = Of(handle);
        if (guest.ToggleAnswer.IsSuccess())
            guest.Toggles.Add(enable != 0);
        return guest.ToggleAnswer;
    }

    [UnmanagedCallersOnly]
    private static IntStatus RegisterEpt(void* handle, void* callback)
    {
        FakeHypervisor guest = Of(handle);
        Interlocked.Increment(ref guest.Registrations);
        if (guest.KeepJournal)
            guest.Note("register");
        if (guest.RegisterAnswer.IsSuccess())
            guest.RegisteredHandler = (nint)callback;
        return guest.RegisterAnswer;
    }

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterEpt(void* handle)
    {
        FakeHypervisor guest = Of(handle);
        Interlocked.Increment(ref guest.Unregistrations);
        if (guest.KeepJournal)
            guest.Note("unregister");
        guest.RegisteredHandler = 0;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Flush(void* handle)
    {
        FakeHypervisor guest = Of(handle);
        Interlocked.Increment(ref guest.Flushes);
        if (guest.KeepJournal)
            guest.Note("flush");
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Activated(void* handle)
    {
        Interlocked.Increment(ref Of(handle).Activations);
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Deactivated(void* handle)
    {
        Interlocked.Increment(ref Of(handle).Deactivations);
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Release(void* handle, void* buffer, uint size)
    {
        Interlocked.Increment(ref Of(handle).Releases);
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Alert(void* handle, uint eventClass, void* alert, nuint size) =>
        Of(handle).Alerts.Take(eventClass, alert, size);
}
