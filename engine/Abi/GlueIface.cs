using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>
/// The boundary of hypervisor and engine (GLUE_IFACE), 712 bytes: 16 of head, 57 pointers that the glue fills, 30 that the
/// engine fills, from offset <see cref="EngineHalfOffset"/>. Typed are the members that this version calls.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GlueIface
{
    /// <summary>GLUE_IFACE_VERSION_1.</summary>
    public const uint Version1 = 0x0001_0111;

    /// <summary>GLUE_IFACE_VERSION_1_SIZE.</summary>
    public const uint Version1Size = 712;

    /// <summary>Offset of the first member that the engine fills, in bytes.</summary>
    public const int EngineHalfOffset = 472;

    /// <summary>Number of members that the engine fills, the reserved ones included.</summary>
    public const int EngineHalfCount = 30;

#pragma warning disable CS1591 // the members are documented in the C header
    public uint Version;
    public uint Size;
    public ulong Reserved;
    public delegate* unmanaged<void*, uint, void*, void*, uint, IntStatus> QueryGuestInfo;
    public nint GpaToHpa;
    public delegate* unmanaged<void*, ulong, uint, uint, void**, IntStatus> PhysMemMapToHost;
    public delegate* unmanaged<void*, void**, IntStatus> PhysMemUnmap;
    public nint PhysMemGetTypeFromMtrrs;
    public delegate* unmanaged<void*, uint, ulong, byte*, byte*, byte*, IntStatus> GetEPTPageProtection;
    public delegate* unmanaged<void*, uint, ulong, byte, byte, byte, IntStatus> SetEPTPageProtection;
    public nint GetSPPPageProtection;
    public nint SetSPPPageProtection;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterEPTHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterEPTHandler;
    public delegate* unmanaged<void*, uint, byte*, IntStatus> EnableMSRExit;
    public delegate* unmanaged<void*, uint, byte*, IntStatus> DisableMSRExit;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterMSRHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterMSRHandler;
    public delegate* unmanaged<void*, IntStatus> PauseVcpus;
    public delegate* unmanaged<void*, IntStatus> ResumeVcpus;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterIntroCallHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterIntroCallHandler;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterIntroTimerHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterIntroTimerHandler;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterDtrHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterDtrHandler;
    public delegate* unmanaged<void*, uint, IntStatus> EnableCrWriteExit;
    public delegate* unmanaged<void*, uint, IntStatus> DisableCrWriteExit;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterCrWriteHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterCrWriteHandler;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterXcrWriteHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterXcrWriteHandler;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterBreakpointHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterBreakpointHandler;
    public delegate* unmanaged<void*, void*, IntStatus> RegisterEventInjectionHandler;
    public delegate* unmanaged<void*, IntStatus> UnregisterEventInjectionHandler;
    public delegate* unmanaged<void*, uint, byte, uint, ulong, IntStatus> InjectTrap;
    public delegate* unmanaged<void*, uint, ulong, uint, byte*, IntStatus> SetIntroEmulatorContext;
    public nint ReserveVaSpaceWithPt;
    public delegate* unmanaged<void*, IntStatus> NotifyIntrospectionActivated;
    public delegate* unmanaged<void*, IntStatus> NotifyIntrospectionDeactivated;
    public delegate* unmanaged<void*, IntroGuestInfo*, IntStatus> NotifyIntrospectionDetectedOs;
    public nint _I_H_Reserved1;
    public nint NotifyIntrospectionErrorState;
    public delegate* unmanaged<void*, uint, void*, nuint, IntStatus> NotifyIntrospectionAlert;
    public nint NotifyScanEngines;
    public nint GetAgentContent;
    public delegate* unmanaged<void*, void*, uint, IntStatus> ReleaseBuffer;
    public delegate* unmanaged<void*, byte, IntStatus> ToggleRepOptimization;
    public nint SetVeInfoPage;
    public nint CreateEPT;
    public nint DestroyEPT;
    public nint SwitchEPT;
    public nint GetEPTPageConvertible;
    public nint SetEPTPageConvertible;
    public nint RegisterEnginesResultCallback;
    public nint UnregisterEnginesResultCalback;
    public delegate* unmanaged<void*, IntStatus> FlushEPTPermissions;
    public nint _I_H_Reserved2;
    public nint _I_H_Reserved3;
    public nint NewGuestNotification;
    public nint DisableIntro;
    public nint NotifyGuestPowerStateChange;
    public nint DebugProcessCommand;
    public nint _H_I_Reserved1;
    public nint UpdateExceptions;
    public nint GetExceptionsVersion;
    public nint GetGuestInfo;
    public nint InjectProcessAgent;
    public nint InjectFileAgent;
    public nint SetIntroAbortStatus;
    public nint AddExceptionFromAlert;
    public nint RemoveException;
    public nint FlushAlertExceptions;
    public nint AddRemoveProtectedProcessUtf16;
    public nint AddRemoveProtectedProcessUtf8;
    public nint RemoveAllProtectedProcesses;
    public nint GetCurrentInstructionLength;
    public nint GetCurrentInstructionMnemonic;
    public nint IterateVirtualAddressSpace;
    public nint ModifyDynamicOptions;
    public nint FlushGpaCache;
    public nint GetCurrentIntroOptions;
    public nint UpdateSupport;
    public nint GetSupportVersion;
    public nint SetLogLevel;
    public nint GetVersionString;
    public nint _H_I_Reserved2;
    public nint _H_I_Reserved3;
    public nint _H_I_Reserved4;
#pragma warning restore CS1591
}
