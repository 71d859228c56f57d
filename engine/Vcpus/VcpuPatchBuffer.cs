using System;
using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>Bytes that a read has to see instead of memory's, 80 bytes. They count for the exit that is answered AllowedPatched.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VcpuPatchBuffer
{
    /// <summary>Linear address of the first.</summary>
    public ulong Gla;

    /// <summary>Number of bytes.</summary>
    public uint Size;

    /// <summary>1: there are some.</summary>
    public byte Valid;

    /// <summary>0.</summary>
    public fixed byte Reserved[3];

    /// <summary>The bytes.</summary>
    public fixed byte Data[64];

    /// <summary>Bytes that fit.</summary>
    public const int Capacity = 64;

    /// <summary>Adds bytes to those that are there: adjacent ones, or others in place of the same. False: they do not fit, and nothing
    /// has changed.</summary>
    public static bool TryAdd(ref VcpuPatchBuffer buffer, ulong gla, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > Capacity || gla + (ulong)bytes.Length - 1 < gla)
            return false;

        ulong start = gla;
        ulong end = gla + (ulong)bytes.Length;
        if (buffer.Valid != 0)
        {
            ulong bufferEnd = buffer.Gla + buffer.Size;
            if (gla > bufferEnd || end < buffer.Gla)
                return false;
            start = Math.Min(gla, buffer.Gla);
            end = Math.Max(end, bufferEnd);
        }

        if (end - start > Capacity)
            return false;
        fixed (byte* data = buffer.Data)
        {
            Span<byte> all = new(data, Capacity);
            if (buffer.Valid != 0)
                all[..(int)buffer.Size].CopyTo(all[(int)(buffer.Gla - start)..]);
            bytes.CopyTo(all[(int)(gla - start)..]);
        }

        buffer.Gla = start;
        buffer.Size = (uint)(end - start);
        buffer.Valid = 1;
        return true;
    }

    /// <summary>The bytes; empty: there are none, or what is there cannot be right.</summary>
    public static ReadOnlySpan<byte> BytesOf(ref VcpuPatchBuffer buffer) =>
        buffer.Valid != 0 && buffer.Size is >= 1 and <= Capacity && buffer.Gla + buffer.Size - 1 >= buffer.Gla
            ? MemoryMarshal.CreateReadOnlySpan(ref buffer.Data[0], (int)buffer.Size)
            : [];
}
