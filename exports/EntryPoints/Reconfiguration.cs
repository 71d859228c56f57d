using System;
using System.Runtime.InteropServices;
using Engine;
using Engine.Abi;

namespace Exports.EntryPoints;

/// <summary>Functions of the second half of the glue's table that change how an active guest is treated (spec/10, section 8).</summary>
internal static unsafe class Reconfiguration
{
    /// <summary>Fills their places.</summary>
    public static void Fill(GlueIface* glue)
    {
        glue->NotifyGuestPowerStateChange = (nint)(delegate* unmanaged<nint, GuestPowerState, IntStatus>)&NotifyGuestPowerStateChange;
        glue->DebugProcessCommand = (nint)(delegate* unmanaged<nint, uint, uint, byte**, IntStatus>)&DebugProcessCommand;
        glue->ModifyDynamicOptions = (nint)(delegate* unmanaged<nint, GuestOptions, IntStatus>)&ModifyDynamicOptions;
    }

    [UnmanagedCallersOnly]
    private static IntStatus NotifyGuestPowerStateChange(nint handle, GuestPowerState state)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (CurrentEngine.Value?.Find(handle) is not { } session)
                return IntStatus.NotInitialized;
            return state is < GuestPowerState.Resume or > GuestPowerState.Terminating
                ? IntStatus.InvalidParameter2 : session.ChangePowerState(state);
        }
        catch (Exception exception)
        {
            return Faults.Report("NotifyGuestPowerStateChange", exception);
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus DebugProcessCommand(nint handle, uint vcpu, uint count, byte** words)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (CurrentEngine.Value?.Find(handle) is not { } session)
                return IntStatus.NotInitialized;
            if (count is 0 or > Limits.MaxCommandWords)
                return IntStatus.InvalidParameter3;
            if (words == null || words[0] == null || (count > 1 && words[1] == null))
                return IntStatus.InvalidParameter4;
            return session.Debug(vcpu, WordOf(words[0]), count > 1 ? WordOf(words[1]) : default);
        }
        catch (Exception exception)
        {
            return Faults.Report("DebugProcessCommand", exception);
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus ModifyDynamicOptions(nint handle, GuestOptions options)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            return CurrentEngine.Value?.Find(handle) is { } session ? session.UpdateOptions(options) : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("ModifyDynamicOptions", exception);
        }
    }

    private static ReadOnlySpan<byte> WordOf(byte* word) => CText.UpToNul(word, Limits.MaxCommandWordBytes);
}
