using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine;
using Engine.Abi;
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

        try
        {
            status = guest.EptViolation(vcpu, gpa, gla, access, out IntroAction judged);
            *action = judged;
            return status;
        }
        catch (Exception exception)
        {
            // Only hooked frames are judged: the fail policy closes them.
            *action = IntroAction.NotAllowed;
            return Faults.Report("IntHandleEptViolation", exception);
        }
        finally
        {
            guest.Leave(vcpu);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleMsrViolation")]
    private static IntStatus MsrViolation(
        nint handle, uint msr, uint flags, IntroAction* action, ulong originalValue, ulong* newValue, uint vcpu)
    {
        _ = (msr, flags, originalValue);
        if (action == null)
            return IntStatus.InvalidParameter4;
        return newValue == null
            ? IntStatus.InvalidParameter6
            : NothingHooked(handle, vcpu, VcpuStateKind.MsrViolation, IntStatus.InvalidParameter7, action, IntStatus.NotFound);
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleCrWrite")]
    private static IntStatus CrWrite(nint handle, uint cr, uint vcpu, ulong oldValue, ulong newValue, IntroAction* action)
    {
        _ = (cr, oldValue, newValue);
        return action == null
            ? IntStatus.InvalidParameter6
            : NothingHooked(handle, vcpu, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3, action, IntStatus.NotFound);
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleXcrWrite")]
    private static IntStatus XcrWrite(nint handle, uint vcpu, IntroAction* action)
    {
        if (action == null)
            return IntStatus.InvalidParameter4;

        IntStatus status = Begin(handle, vcpu, VcpuStateKind.XcrWrite, IntStatus.InvalidParameter3, action, out ActiveGuest? guest);
        if (guest is null)
            return status;

        try
        {
            return guest.XcrWrite(vcpu);
        }
        catch (Exception exception)
        {
            return Faults.Report("IntHandleXcrWrite", exception);
        }
        finally
        {
            guest.Leave(vcpu);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleDtrViolation")]
    private static IntStatus DtrViolation(nint handle, uint flags, uint vcpu, IntroAction* action)
    {
        _ = flags;
        return action == null
            ? IntStatus.InvalidParameter4
            : NothingHooked(handle, vcpu, VcpuStateKind.DtrLoad, IntStatus.InvalidParameter3, action, IntStatus.Success);
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleBreakpoint")]
    private static IntStatus Breakpoint(nint handle, ulong gpa, uint vcpu)
    {
        _ = gpa;
        return NothingHooked(handle, vcpu, VcpuStateKind.Breakpoint, IntStatus.InvalidParameter3, null, IntStatus.NotFound);
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
        guest.Leave(vcpu);
        return IntStatus.Success;
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleIntroCall")]
    private static IntStatus IntroCall(nint handle, ulong rip, uint vcpu)
    {
        _ = rip;
        return NothingHooked(handle, vcpu, VcpuStateKind.Vmcall, IntStatus.InvalidParameter3, null, IntStatus.NotFound);
    }

    [UnmanagedCallersOnly(EntryPoint = "IntHandleTimer")]
    private static IntStatus Timer(nint handle)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            return Library.Engine?.Find(handle)?.Active is null ? IntStatus.NotInitializedHint : IntStatus.Success;
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

    /// <summary>An exit of a kind that nothing is registered for in this version.</summary>
    private static IntStatus NothingHooked(
        nint handle, uint vcpu, VcpuStateKind kind, IntStatus badVcpu, IntroAction* action, IntStatus answer)
    {
        IntStatus status = Begin(handle, vcpu, kind, badVcpu, action, out ActiveGuest? guest);
        if (guest is null)
            return status;

        guest.Leave(vcpu);
        return answer;
    }
}
