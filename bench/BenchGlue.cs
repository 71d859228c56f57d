using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Sessions;

namespace Bench;

/// <summary>A glue that does nothing, for an engine without the C interface.</summary>
internal static unsafe class BenchGlue
{
    public static EngineSettings Settings
    {
        get
        {
            nint success = (nint)(delegate* unmanaged<IntStatus>)&Succeed;
            GlueIface glue = new()
            {
                Version = GlueIface.Version1,
                Size = GlueIface.Version1Size,
                QueryGuestInfo = &Query,
                SetEPTPageProtection = (delegate* unmanaged<void*, uint, ulong, byte, byte, byte, IntStatus>)success,
                RegisterEPTHandler = (delegate* unmanaged<void*, void*, IntStatus>)success,
                UnregisterEPTHandler = (delegate* unmanaged<void*, IntStatus>)success,
                RegisterCrWriteHandler = (delegate* unmanaged<void*, void*, IntStatus>)success,
                UnregisterCrWriteHandler = (delegate* unmanaged<void*, IntStatus>)success,
                EnableCrWriteExit = (delegate* unmanaged<void*, uint, IntStatus>)success,
                DisableCrWriteExit = (delegate* unmanaged<void*, uint, IntStatus>)success,
                NotifyIntrospectionAlert = (delegate* unmanaged<void*, uint, void*, nuint, IntStatus>)success,
            };
            return new EngineSettings
            {
                Glue = glue,
                Upper = new UpperIface { Version = UpperIface.Version1, Size = UpperIface.Version1Size, TracePrint = success },
                Shim = default,
                EptHandler = success,
                RegisterHandlers = new RegisterExitHandlers { Cr = success, Msr = success, Dtr = success, Xcr = success },
            };
        }
    }

    /// <summary>Stands for every function that only has to succeed: the caller cleans up the arguments, whatever they are.</summary>
    [UnmanagedCallersOnly]
    private static IntStatus Succeed() => IntStatus.Success;

    [UnmanagedCallersOnly]
    private static IntStatus Query(void* handle, uint infoClass, void* parameter, void* buffer, uint length)
    {
        switch ((QueryInfoClass)infoClass)
        {
            case QueryInfoClass.CpuCount:
                *(uint*)buffer = 1;
                return IntStatus.Success;
            case QueryInfoClass.RegisterState:
            case QueryInfoClass.RegisterStateGprs:
                *(IgArchRegs*)buffer = BenchRam.Registers;
                return IntStatus.Success;
            case QueryInfoClass.ReadMsr:
                ((IgQueryMsr*)buffer)->Value = BenchRam.Efer;
                return IntStatus.Success;
            default:
                return IntStatus.NotSupported;
        }
    }
}
