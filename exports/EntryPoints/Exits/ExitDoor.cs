using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>The way of every exit of a vCPU: finds the guest, claims the vCPU, lets the engine judge, gives the vCPU back, and turns
/// a fault into a status.</summary>
internal static unsafe class ExitDoor
{
    /// <summary>
    /// Runs an exit; what it comes to is in <paramref name="action"/>, which is not null. <paramref name="entered"/> tells
    /// <see cref="EndFaulted"/> how far it came.
    /// </summary>
    /// <remarks>Inlined into the caller's guarded region: its variables, unknown to the handler of faults, stay in registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntStatus Run<T>(nint handle, uint vcpu, IntroAction* action, in T exit, ref bool entered)
        where T : struct, IExit
    {
        if (handle == 0)
            return IntStatus.InvalidParameter1;

        *action = IntroAction.Allowed;
        ActiveGuest? guest = CurrentEngine.FindActive(handle);
        if (guest is null)
            return IntStatus.NotInitializedHint;

        IntStatus status = guest.Enter(vcpu, T.Kind, T.BadVcpu, out VcpuBlock* block);
        if (status != IntStatus.Success)
        {
            if (status == IntStatus.Busy)
                *action = IntroAction.Retry;
            return status;
        }

        entered = true;
        status = exit.Judge(guest, &block->Record, out IntroAction judged);
        status = guest.Leave(block, judged, status);
        *action = judged;
        return status;
    }

    /// <summary>Ends an exit in which the engine has failed: it is closed, and the vCPU is given back.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IntStatus EndFaulted<T>(nint handle, uint vcpu, IntroAction* action, bool entered, Exception exception)
        where T : struct, IExit
    {
        *action = IntroAction.NotAllowed;

        // Whoever holds a claim keeps the guest from its end: it is still the same, also after the kill switch.
        if (entered)
            Library.EngineOrStopped?.Find(handle)?.Active?.LeaveFaulted(vcpu);
        return Faults.Report(T.Name, exception);
    }
}
