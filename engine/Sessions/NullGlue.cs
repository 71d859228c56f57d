using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hosting;

namespace Engine.Sessions;

/// <summary>
/// A glue that does nothing, and succeeds at it: for an engine that is warmed up, or measured, without a hypervisor. Of its guest it
/// knows the registers: a handle is the address of a <see cref="NullGuest"/>.
/// </summary>
internal static unsafe class NullGlue
{
    /// <summary>Settings of an engine on it.</summary>
    public static EngineSettings SettingsWith(in NativeShim shim)
    {
        nint success = (nint)(delegate* unmanaged<IntStatus>)&Succeed;
        var register = (delegate* unmanaged<void*, void*, IntStatus>)success;
        var unregister = (delegate* unmanaged<void*, IntStatus>)success;
        GlueIface glue = new()
        {
            Version = GlueIface.Version1,
            Size = GlueIface.Version1Size,
            QueryGuestInfo = &Query,
            SetEPTPageProtection = (delegate* unmanaged<void*, uint, ulong, byte, byte, byte, IntStatus>)success,
            RegisterEPTHandler = register,
            UnregisterEPTHandler = unregister,
            RegisterCrWriteHandler = register,
            UnregisterCrWriteHandler = unregister,
            EnableCrWriteExit = (delegate* unmanaged<void*, uint, IntStatus>)success,
            DisableCrWriteExit = (delegate* unmanaged<void*, uint, IntStatus>)success,
            RegisterMSRHandler = register,
            UnregisterMSRHandler = unregister,
            EnableMSRExit = (delegate* unmanaged<void*, uint, byte*, IntStatus>)success,
            DisableMSRExit = (delegate* unmanaged<void*, uint, byte*, IntStatus>)success,
            RegisterDtrHandler = register,
            UnregisterDtrHandler = unregister,
            NotifyIntrospectionAlert = (delegate* unmanaged<void*, uint, void*, nuint, IntStatus>)success,
        };
        return new EngineSettings
        {
            Glue = glue,
            Upper = new UpperIface { Version = UpperIface.Version1, Size = UpperIface.Version1Size, TracePrint = success },
            Shim = shim,
            EptHandler = success,
            RegisterHandlers = new RegisterExitHandlers { Cr = success, Msr = success, Dtr = success, Xcr = success },
        };
    }

    /// <summary>Stands for every function of the glue that only has to succeed, whatever its arguments: the caller cleans them
    /// up.</summary>
    [UnmanagedCallersOnly]
    private static IntStatus Succeed() => IntStatus.Success;

    [UnmanagedCallersOnly]
    private static IntStatus Query(void* handle, uint infoClass, void* parameter, void* buffer, uint length)
    {
        NullGuest* guest = (NullGuest*)handle;
        switch ((QueryInfoClass)infoClass)
        {
            case QueryInfoClass.CpuCount:
                *(uint*)buffer = 1;
                return IntStatus.Success;
            case QueryInfoClass.RegisterState:
            case QueryInfoClass.RegisterStateGprs:
                *(IgArchRegs*)buffer = guest->Regs;
                return IntStatus.Success;
            case QueryInfoClass.ReadMsr:
                ((IgQueryMsr*)buffer)->Value = guest->Ia32Efer;
                return IntStatus.Success;
            default:
                return IntStatus.NotSupported;
        }
    }
}
