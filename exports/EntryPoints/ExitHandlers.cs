using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine;
using Engine.Abi;
using Engine.Hooks;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints;

/// <summary>
/// Exports for exits. Each one checks its arguments (the numbers of bad ones are those of spec/12's first table), finds the
/// guest, claims the vCPU, lets the engine judge, and gives the vCPU back. Nothing but a status leaves it.
/// </summary>
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

        IntStatus status = Begin(handle, vcpu, VcpuStateKind.EptViolation, IntStatus.InvalidParameter5, action, out ActiveGuest? guest);
        if (guest is null)
            return status;

        IntroAction judged = IntroAction.NotAllowed;
        try
        {
            status = guest.EptViolation(vcpu, gpa, gla, access, out judged);
        }
        catch (Exception exception)
        {
            status = Faults.Report("IntHandleEptViolation", exception);
        }

        guest.Leave(vcpu, judged);
        *action = judged;
        return status;
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleMsrViolation")]
    private static IntStatus MsrViolation(
        nint handle, uint msr, MsrAccess flags, IntroAction* action, ulong originalValue, ulong* newValue, uint vcpu)
    {
        if (action == null)
            return IntStatus.InvalidParameter4;
        if (newValue == null)
            return IntStatus.InvalidParameter6;

        IntStatus status = Begin(handle, vcpu, VcpuStateKind.MsrViolation, IntStatus.InvalidParameter7, action, out ActiveGuest? guest);
        if (guest is null)
            return status;

        IntroAction judged = IntroAction.NotAllowed;
        try
        {
            status = guest.MsrViolation(vcpu, msr, flags, originalValue, *newValue, out judged);
        }
        catch (Exception exception)
        {
            status = Faults.Report("IntHandleMsrViolation", exception);
        }

        guest.Leave(vcpu, judged);
        *action = judged;
        return status;
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleCrWrite")]
    private static IntStatus CrWrite(
        nint handle, uint cr, uint vcpu, ulong oldValue, ulong newValue, IntroAction* action)
    {
        if (action == null)
            return IntStatus.InvalidParameter6;

        IntStatus status = Begin(handle, vcpu, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3, action, out ActiveGuest? guest);
        if (guest is null)
            return status;

        IntroAction judged = IntroAction.NotAllowed;
        try
        {
            status = guest.CrWrite(vcpu, cr, oldValue, newValue, out judged);
        }
        catch (Exception exception)
        {
            status = Faults.Report("IntHandleCrWrite", exception);
        }

        guest.Leave(vcpu, judged);
        *action = judged;
        return status;
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleXcrWrite")]
    private static IntStatus XcrWrite(
        nint handle, uint vcpu, IntroAction* action)
    {
        if (action == null)
            return IntStatus.InvalidParameter4;

        IntStatus status = Begin(handle, vcpu, VcpuStateKind.XcrWrite, IntStatus.InvalidParameter3, action, out ActiveGuest? guest);
        if (guest is null)
            return status;

        IntroAction judged = IntroAction.NotAllowed;
        try
        {
            status = guest.XcrWrite(vcpu, out judged);
        }
        catch (Exception exception)
        {
            status = Faults.Report("IntHandleXcrWrite", exception);
        }

        guest.Leave(vcpu, judged);
        *action = judged;
        return status;
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleDtrViolation")]
    private static IntStatus DtrViolation(
        nint handle, DescriptorAccess flags, uint vcpu, IntroAction* action)
    {
        if (action == null)
            return IntStatus.InvalidParameter4;

        IntStatus status = Begin(handle, vcpu, VcpuStateKind.DtrLoad, IntStatus.InvalidParameter3, action, out ActiveGuest? guest);
        if (guest is null)
            return status;

        IntroAction judged = IntroAction.NotAllowed;
        try
        {
            status = guest.DtrViolation(vcpu, flags, out judged);
        }
        catch (Exception exception)
        {
            status = Faults.Report("IntHandleDtrViolation", exception);
        }

        guest.Leave(vcpu, judged);
        *action = judged;
        return status;
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleBreakpoint")]
    private static IntStatus Breakpoint(nint handle, ulong gpa, uint vcpu)
    {
        _ = gpa;
        return NothingHooked(handle, vcpu, VcpuStateKind.Breakpoint);
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleIntroCall")]
    private static IntStatus IntroCall(nint handle, ulong rip, uint vcpu)
    {
        _ = rip;
        return NothingHooked(handle, vcpu, VcpuStateKind.Vmcall);
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleEventInjection")]
    private static IntStatus EventInjection(nint handle, uint vector, ulong errorCode, ulong cr2, uint vcpu)
    {
        _ = (vector, errorCode, cr2);
        IntStatus status = Begin(
            handle, vcpu, VcpuStateKind.EventInjection, IntStatus.InvalidParameter5, null, out ActiveGuest? guest);
        if (guest is null)
            return status;

        guest.EventInjection(vcpu);
        guest.Leave(vcpu, IntroAction.Allowed);
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleTimer")]
    private static IntStatus Timer(nint handle)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            return Library.Engine?.Find(handle)?.Active is { } guest ? guest.Timer() : IntStatus.NotInitializedHint;
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
            if (Library.Engine?.Find(handle)?.Active is not ActiveGuest guest)
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

    /// <summary>Finds the guest and claims the vCPU. A null <paramref name="guest"/>: the status is the handler's answer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IntStatus Begin(
        nint handle, uint vcpu, VcpuStateKind kind, IntStatus badVcpu, IntroAction* action, out ActiveGuest? guest)
    {
        guest = null;
        if (handle == 0)
            return IntStatus.InvalidParameter1;
        if (action != null)
            *action = IntroAction.Allowed;

        ActiveGuest? found = Library.Engine?.Find(handle)?.Active;
        if (found is null)
            return IntStatus.NotInitializedHint;

        IntStatus status = found.Enter(vcpu, kind, badVcpu);
        if (status == IntStatus.Success)
            guest = found;
        else if (status == IntStatus.Busy && action != null)
            *action = IntroAction.Retry;
        return status;
    }

    /// <summary>An exit of a kind that nothing is registered for in this version: it belongs to the guest.</summary>
    private static IntStatus NothingHooked(nint handle, uint vcpu, VcpuStateKind kind)
    {
        IntStatus status = Begin(handle, vcpu, kind, IntStatus.InvalidParameter3, null, out ActiveGuest? guest);
        if (guest is null)
            return status;

        guest.Leave(vcpu, IntroAction.Allowed);
        return IntStatus.NotFound;
    }
}
