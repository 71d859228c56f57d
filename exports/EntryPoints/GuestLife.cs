using System;
using System.Buffers;
using System.Runtime.InteropServices;
using Engine.Abi;

namespace Exports.EntryPoints;

/// <summary>Exports about a guest's life and state: additions to the reference's interface.</summary>
internal static unsafe class GuestLife
{
    private const int MaxTopicLength = 256;

    [UnmanagedCallersOnly(EntryPoint = "IntGuestReset")]
    private static IntStatus GuestReset(nint handle)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            return CurrentEngine.Value?.Find(handle) is { } session ? session.Reset() : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntGuestReset", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntContinueWork")]
    private static IntStatus ContinueWork(nint handle)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            return CurrentEngine.FindActive(handle) is { } guest ? guest.ContinueWork() : IntStatus.NotInitializedHint;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntContinueWork", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntEmergencyStop")]
    private static IntStatus EmergencyStop()
    {
        try
        {
            return Library.EmergencyStop();
        }
        catch (Exception exception)
        {
            return Faults.Report("IntEmergencyStop", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntQueryGuest")]
    private static IntStatus QueryGuest(nint handle, byte* topic, byte* buffer, nuint* size)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (topic == null)
                return IntStatus.InvalidParameter2;
            if (size == null)
                return IntStatus.InvalidParameter4;
            if (buffer == null && *size != 0)
                return IntStatus.InvalidParameter3;
            if (CurrentEngine.FindActive(handle) is not { } guest)
                return IntStatus.NotInitialized;

            ArrayBufferWriter<byte> answer = new(1024);
            IntStatus status = guest.Query(CText.UpToNul(topic, MaxTopicLength), answer);
            return status.IsSuccess() ? Copy(answer.WrittenSpan, buffer, size) : status;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntQueryGuest", exception);
        }
    }

    private static IntStatus Copy(ReadOnlySpan<byte> answer, byte* buffer, nuint* size)
    {
        nuint room = *size;
        *size = (nuint)answer.Length + 1;
        if (room < *size)
            return IntStatus.DataBufferTooSmall;

        answer.CopyTo(new Span<byte>(buffer, answer.Length));
        buffer[answer.Length] = 0;
        return IntStatus.Success;
    }
}
