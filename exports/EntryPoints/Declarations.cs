using System;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints;

/// <summary>Exports about a guest's memory, its configuration and its vCPU records: additions to the reference's interface.</summary>
internal static unsafe class Declarations
{
    private const ulong PageMask = 0xFFF;
    private const int KnownConfigSize = 32;
    private const int MaxConfigSize = 4096;
    private const ulong MinPhysicalAddressBits = 32, MaxPhysicalAddressBits = 52;

    [UnmanagedCallersOnly(EntryPoint = "IntConfigureGuest")]
    private static IntStatus ConfigureGuest(nint handle, IntroGuestConfig* config)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (config == null)
                return IntStatus.InvalidParameter2;
            if (!TryRead(config, out IntroGuestConfig known))
                return IntStatus.InvalidDataSize;
            if (known.StoreCompletion > IntroCompletion.Data ||
                (known.Flags & ~GuestConfigFlags.Supported) != GuestConfigFlags.None ||
                (known.Guards & ~GuardOptions.Supported) != GuardOptions.None ||
                known.PhysicalAddressBits is not (0 or (>= MinPhysicalAddressBits and <= MaxPhysicalAddressBits)))
            {
                return IntStatus.InvalidParameter2;
            }

            return CurrentEngine.Value is { } engine ? engine.Configure(handle, in known) : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntConfigureGuest", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntDeclareGuestMemory")]
    private static IntStatus DeclareGuestMemory(nint handle, ulong gpa, ulong size, byte* host)
    {
        try
        {
            IntStatus status = CheckRange(handle, gpa, size);
            if (!status.IsSuccess())
                return status;
            if (host == null || (nuint)host + (nuint)size < (nuint)host)
                return IntStatus.InvalidParameter4;
            return CurrentEngine.Value is { } engine ? engine.DeclareMemory(handle, gpa, size, host) : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntDeclareGuestMemory", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntRemoveGuestMemory")]
    private static IntStatus RemoveGuestMemory(nint handle, ulong gpa, ulong size)
    {
        try
        {
            IntStatus status = CheckRange(handle, gpa, size);
            if (!status.IsSuccess())
                return status;
            return Library.EngineOrStopped is { } engine ? engine.RemoveMemory(handle, gpa, size) : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntRemoveGuestMemory", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntFlushGuestMemory")]
    private static IntStatus FlushGuestMemory(nint handle, ulong gpa, ulong size)
    {
        try
        {
            IntStatus status = CheckRange(handle, gpa, size);
            if (!status.IsSuccess())
                return status;
            return CurrentEngine.FindActive(handle) is { } guest
                ? guest.FlushMappings(gpa, gpa + size - 1)
                : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntFlushGuestMemory", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntGetVcpuRecords")]
    private static IntStatus GetVcpuRecords(nint handle, VcpuState** records, uint* stride, uint* count)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (records == null)
                return IntStatus.InvalidParameter2;
            if (stride == null)
                return IntStatus.InvalidParameter3;
            if (count == null)
                return IntStatus.InvalidParameter4;
            if (CurrentEngine.FindActive(handle) is not ActiveGuest guest)
                return IntStatus.NotInitialized;

            *records = guest.Vcpus[0];
            *stride = VcpuBlock.ByteSize;
            *count = (uint)guest.Vcpus.Count;
            return IntStatus.Success;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntGetVcpuRecords", exception);
        }
    }

    private static IntStatus CheckRange(nint handle, ulong gpa, ulong size)
    {
        if (handle == 0)
            return IntStatus.InvalidParameter1;
        if ((gpa & PageMask) != 0)
            return IntStatus.InvalidParameter2;
        return size == 0 || (size & PageMask) != 0 || gpa + size - 1 < gpa ? IntStatus.InvalidParameter3 : IntStatus.Success;
    }

    /// <summary>Reads a configuration of a caller that knows more members, or fewer, than this version.</summary>
    private static bool TryRead(IntroGuestConfig* config, out IntroGuestConfig known)
    {
        known = default;
        ulong size = config->Size;
        if (size is < sizeof(ulong) or > MaxConfigSize)
            return false;

        Span<byte> target = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref known, 1));
        ReadOnlySpan<byte> source = new(config, (int)size);
        source[..Math.Min(source.Length, KnownConfigSize)].CopyTo(target);
        return source.Length <= KnownConfigSize || !source[KnownConfigSize..].ContainsAnyExcept((byte)0);
    }
}
