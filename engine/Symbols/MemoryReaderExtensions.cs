using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Symbols;

/// <summary>Values and texts out of memory that is read by linear address.</summary>
internal static class MemoryReaderExtensions
{
    /// <summary>Reads a value. False: not all of it is there.</summary>
    public static bool TryRead<T>(this IMemoryReader reader, ulong address, out T value)
        where T : unmanaged
    {
        Unsafe.SkipInit(out value);
        if (reader.Read(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1))) == Unsafe.SizeOf<T>())
            return true;
        value = default;
        return false;
    }

    /// <summary>Reads a text up to its NUL, or up to the buffer's end; returns its bytes. -1: nothing is there.</summary>
    public static int ReadText(this IMemoryReader reader, ulong address, Span<byte> buffer)
    {
        int read = reader.Read(address, buffer);
        if (read == 0)
            return -1;
        int end = buffer[..read].IndexOf((byte)0);
        return end < 0 ? read : end;
    }
}
