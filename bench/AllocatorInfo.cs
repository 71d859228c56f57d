using System.Runtime.InteropServices;

namespace Bench;

/// <summary>struct mallinfo2 of the C library.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct AllocatorInfo
{
    public readonly nuint Arena;
    public readonly nuint FreeChunks;
    public readonly nuint FastChunks;
    public readonly nuint Mappings;

    /// <summary>Bytes in mappings of their own.</summary>
    public readonly nuint MappedBytes;
    public readonly nuint MostAllocated;
    public readonly nuint FastBytes;

    /// <summary>Bytes in use in the heap.</summary>
    public readonly nuint UsedBytes;
    public readonly nuint FreeBytes;
    public readonly nuint Releasable;
}
