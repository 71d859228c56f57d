using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Engine.Abi;
using Tests.Unit.Fakes;

namespace Tests.Unit.Registers;

/// <summary>FakeGlue's table with exits for registers and a timer, each kept by handle in a <see cref="RegisterHost"/>.</summary>
internal static unsafe class RegisterGlue
{
    private static readonly ConcurrentDictionary<nint, RegisterHost> s_hosts = new();
    private static readonly GlueIface s_base = FakeGlue.Table();

    /// <summary>The table; members can be taken out of the copy.</summary>
    public static GlueIface Table()
    {
        GlueIface table = s_base;
        table.QueryGuestInfo = &Query;
        table.NotifyIntrospectionAlert = &Alert;
        table.EnableCrWriteExit = &EnableCr;
        table.DisableCrWriteExit = &DisableCr;
        table.RegisterCrWriteHandler = &RegisterCr;
        table.UnregisterCrWriteHandler = &UnregisterCr;
        table.EnableMSRExit = &EnableMsr;
        table.DisableMSRExit = &DisableMsr;
        table.RegisterMSRHandler = &RegisterMsr;
        table.UnregisterMSRHandler = &UnregisterMsr;
        table.RegisterDtrHandler = &RegisterDtr;
        table.UnregisterDtrHandler = &UnregisterDtr;
        table.RegisterXcrWriteHandler = &RegisterXcr;
        table.UnregisterXcrWriteHandler = &UnregisterXcr;
        table.RegisterIntroTimerHandler = &RegisterTimer;
        table.UnregisterIntroTimerHandler = &UnregisterTimer;
        table.PauseVcpus = &Pause;
        table.ResumeVcpus = &Resume;
        return table;
    }

    public static void Add(nint handle, RegisterHost host) => s_hosts[handle] = host;

    public static void Remove(nint handle) => s_hosts.TryRemove(handle, out _);

    private static RegisterHost Of(void* handle) => s_hosts[(nint)handle];

    private static IntStatus Register(void* handle, string kind, bool on)
    {
        RegisterHost host = Of(handle);
        if (on && !host.RegisterAnswer.IsSuccess())
            return host.RegisterAnswer;
        host.Registered[kind] = on;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Query(void* handle, uint infoClass, void* parameter, void* buffer, uint length)
    {
        if (infoClass == (uint)QueryInfoClass.ReadMsr && s_hosts.TryGetValue((nint)handle, out RegisterHost? host))
        {
            IgQueryMsr* query = (IgQueryMsr*)buffer;
            if (host.Msrs.TryGetValue(query->MsrId, out ulong value))
            {
                query->Value = value;
                return IntStatus.Success;
            }
        }

        return s_base.QueryGuestInfo(handle, infoClass, parameter, buffer, length);
    }

    [UnmanagedCallersOnly]
    private static IntStatus Alert(void* handle, uint eventClass, void* alert, nuint size)
    {
        if (size != (nuint)sizeof(EventRegisterViolation))
            return s_base.NotifyIntrospectionAlert(handle, eventClass, alert, size);
        Of(handle).Alerts.Add(((IntroEventType)eventClass, *(EventRegisterViolation*)alert));
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus EnableCr(void* handle, uint cr) => Enable(handle, $"CR{cr}", true);

    [UnmanagedCallersOnly]
    private static IntStatus DisableCr(void* handle, uint cr) => Enable(handle, $"CR{cr}", false);

    [UnmanagedCallersOnly]
    private static IntStatus EnableMsr(void* handle, uint msr, byte* before)
    {
        *before = (byte)(Of(handle).Enabled.TryGetValue($"{msr:x}", out bool on) && on ? 1 : 0);
        return Enable(handle, $"{msr:x}", true);
    }

    [UnmanagedCallersOnly]
    private static IntStatus DisableMsr(void* handle, uint msr, byte* before)
    {
        *before = 1;
        return Enable(handle, $"{msr:x}", false);
    }

    private static IntStatus Enable(void* handle, string name, bool on)
    {
        RegisterHost host = Of(handle);
        if (on && host.Refused.Contains(name))
            return IntStatus.OperationNotSupported;
        host.Enabled[name] = on;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus RegisterCr(void* handle, void* handler) => Register(handle, "cr", handler != null);

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterCr(void* handle) => Register(handle, "cr", false);

    [UnmanagedCallersOnly]
    private static IntStatus RegisterMsr(void* handle, void* handler) => Register(handle, "msr", handler != null);

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterMsr(void* handle) => Register(handle, "msr", false);

    [UnmanagedCallersOnly]
    private static IntStatus RegisterDtr(void* handle, void* handler) => Register(handle, "dtr", handler != null);

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterDtr(void* handle) => Register(handle, "dtr", false);

    [UnmanagedCallersOnly]
    private static IntStatus RegisterXcr(void* handle, void* handler) => Register(handle, "xcr", handler != null);

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterXcr(void* handle) => Register(handle, "xcr", false);

    [UnmanagedCallersOnly]
    private static IntStatus RegisterTimer(void* handle, void* handler) => Register(handle, "timer", handler != null);

    [UnmanagedCallersOnly]
    private static IntStatus UnregisterTimer(void* handle) => Register(handle, "timer", false);

    [UnmanagedCallersOnly]
    private static IntStatus Pause(void* handle)
    {
        Of(handle).Pauses++;
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly]
    private static IntStatus Resume(void* handle)
    {
        Of(handle).Resumes++;
        return IntStatus.Success;
    }
}
