using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine;
using Engine.Abi;
using Engine.Hooks;
using Engine.Sessions;
using Exports.EntryPoints.Exits;

namespace Exports.EntryPoints;

/// <summary>
/// Exports for exits. Each one checks its arguments (the numbers of bad ones are those of spec/12's first table) and
/// goes through <see cref="ExitDoor"/>. Nothing but a status leaves it.
/// </summary>
[SkipLocalsInit]
internal static unsafe class ExitHandlers
{
    /// <summary>Address of IntHandleEptViolation, for RegisterEPTHandler.</summary>
    public static nint EptViolationAddress =>
        (nint)(delegate* unmanaged<nint, ulong, uint, ulong, uint, IntroAction*, EptAccess, IntStatus>)&EptViolation;

    /// <summary>Addresses of the handlers of registers, for their Register functions.</summary>
    public static RegisterExitHandlers RegisterHandlers => new()
    {
        Cr = (nint)(delegate* unmanaged<nint, uint, uint, ulong, ulong, IntroAction*, IntStatus>)&CrWrite,
        Msr = (nint)(delegate* unmanaged<nint, uint, MsrAccess, IntroAction*, ulong, ulong*, uint, IntStatus>)&MsrViolation,
        Dtr = (nint)(delegate* unmanaged<nint, DescriptorAccess, uint, IntroAction*, IntStatus>)&DtrViolation,
        Xcr = (nint)(delegate* unmanaged<nint, uint, IntroAction*, IntStatus>)&XcrWrite,
    };

    /// <summary>Address of IntHandleBreakpoint, for RegisterBreakpointHandler.</summary>
    public static nint BreakpointAddress => (nint)(delegate* unmanaged<nint, ulong, uint, IntStatus>)&Breakpoint;

    /// <summary>Address of IntHandleIntroCall, for RegisterIntroCallHandler.</summary>
    public static nint IntroCallAddress => (nint)(delegate* unmanaged<nint, ulong, uint, IntStatus>)&IntroCall;

    /// <summary>Address of IntHandleEventInjection, for RegisterEventInjectionHandler.</summary>
    public static nint EventInjectionAddress =>
        (nint)(delegate* unmanaged<nint, uint, ulong, ulong, uint, IntStatus>)&EventInjection;

    /// <summary>Address of IntHandleTimer, for RegisterIntroTimerHandler.</summary>
    public static nint TimerAddress => (nint)(delegate* unmanaged<nint, IntStatus>)&Timer;

    [UnmanagedCallersOnly(EntryPoint = "IntHandleEptViolation")]
    private static IntStatus EptViolation(
        nint handle, ulong gpa, uint length, ulong gla, uint vcpu, IntroAction* action, EptAccess access)
    {
        // The length is that of the glue's guess; the engine takes it from the exit's data or the instruction.
        _ = length;
        if (action == null)
            return IntStatus.InvalidParameter7;

        bool entered = false;
        try
        {
            return ExitDoor.Run(handle, vcpu, action, new EptExit(gpa, gla, access), ref entered);
        }
        catch (Exception exception)
        {
            return ExitDoor.EndFaulted<EptExit>(handle, vcpu, action, entered, exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleMsrViolation")]
    private static IntStatus MsrViolation(
        nint handle, uint msr, MsrAccess flags, IntroAction* action, ulong originalValue, ulong* newValue, uint vcpu)
    {
        if (action == null)
            return IntStatus.InvalidParameter4;
        if (newValue == null)
            return IntStatus.InvalidParameter6;

        bool entered = false;
        try
        {
            return ExitDoor.Run(handle, vcpu, action, new MsrExit(msr, flags, originalValue, *newValue), ref entered);
        }
        catch (Exception exception)
        {
            return ExitDoor.EndFaulted<MsrExit>(handle, vcpu, action, entered, exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleCrWrite")]
    private static IntStatus CrWrite(nint handle, uint cr, uint vcpu, ulong oldValue, ulong newValue, IntroAction* action)
    {
        if (action == null)
            return IntStatus.InvalidParameter6;

        bool entered = false;
        try
        {
            return ExitDoor.Run(handle, vcpu, action, new CrExit(cr, oldValue, newValue), ref entered);
        }
        catch (Exception exception)
        {
            return ExitDoor.EndFaulted<CrExit>(handle, vcpu, action, entered, exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleXcrWrite")]
    private static IntStatus XcrWrite(nint handle, uint vcpu, IntroAction* action)
    {
        if (action == null)
            return IntStatus.InvalidParameter4;

        bool entered = false;
        try
        {
            return ExitDoor.Run(handle, vcpu, action, default(XcrExit), ref entered);
        }
        catch (Exception exception)
        {
            return ExitDoor.EndFaulted<XcrExit>(handle, vcpu, action, entered, exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleDtrViolation")]
    private static IntStatus DtrViolation(nint handle, DescriptorAccess flags, uint vcpu, IntroAction* action)
    {
        if (action == null)
            return IntStatus.InvalidParameter4;

        bool entered = false;
        try
        {
            return ExitDoor.Run(handle, vcpu, action, new DtrExit(flags), ref entered);
        }
        catch (Exception exception)
        {
            return ExitDoor.EndFaulted<DtrExit>(handle, vcpu, action, entered, exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleBreakpoint")]
    private static IntStatus Breakpoint(nint handle, ulong gpa, uint vcpu)
    {
        _ = gpa;
        IntroAction none;
        bool entered = false;
        try
        {
            return ExitDoor.Run(handle, vcpu, &none, default(BreakpointExit), ref entered);
        }
        catch (Exception exception)
        {
            return ExitDoor.EndFaulted<BreakpointExit>(handle, vcpu, &none, entered, exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleIntroCall")]
    private static IntStatus IntroCall(nint handle, ulong rip, uint vcpu)
    {
        _ = rip;
        IntroAction none;
        bool entered = false;
        try
        {
            return ExitDoor.Run(handle, vcpu, &none, default(IntroCallExit), ref entered);
        }
        catch (Exception exception)
        {
            return ExitDoor.EndFaulted<IntroCallExit>(handle, vcpu, &none, entered, exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleEventInjection")]
    private static IntStatus EventInjection(nint handle, uint vector, ulong errorCode, ulong cr2, uint vcpu)
    {
        _ = errorCode;
        IntroAction none;
        bool entered = false;
        try
        {
            return ExitDoor.Run(handle, vcpu, &none, new InjectionExit(vector, cr2), ref entered);
        }
        catch (Exception exception)
        {
            return ExitDoor.EndFaulted<InjectionExit>(handle, vcpu, &none, entered, exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleTimer")]
    private static IntStatus Timer(nint handle)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            return CurrentEngine.FindActive(handle) is { } guest ? guest.Timer() : IntStatus.NotInitializedHint;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntHandleTimer", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleDeviceStore")]
    private static IntStatus DeviceStore(nint handle, ulong gpa, uint size, byte* data, IntroAction* action)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (size is 0 or > Limits.MaxStoreBytes)
                return IntStatus.InvalidParameter3;
            if (data == null)
                return IntStatus.InvalidParameter4;
            if (action == null)
                return IntStatus.InvalidParameter5;

            *action = IntroAction.Allowed;
            if (CurrentEngine.FindActive(handle) is not ActiveGuest guest)
                return IntStatus.NotInitializedHint;

            IntStatus status = guest.DeviceStore(gpa, new ReadOnlySpan<byte>(data, (int)size), out IntroAction judged);
            *action = judged;
            return status;
        }
        catch (Exception exception)
        {
            *action = IntroAction.NotAllowed;
            return Faults.Report("IntHandleDeviceStore", exception);
        }
    }
}
