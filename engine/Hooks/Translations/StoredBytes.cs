using System;
using System.Runtime.InteropServices;

namespace Engine.Hooks.Translations;

/// <summary>The bytes that a store writes into one frame, kept while it is under judgement.</summary>
internal unsafe struct StoredBytes
{
    private fixed byte _bytes[Limits.MaxStoreBytes];

    /// <summary>Guest-physical address of the first byte.</summary>
    public ulong Gpa;

    /// <summary>Number of bytes; 0: none.</summary>
    public int Size;

    /// <summary>Keeps bytes.</summary>
    public void Set(ulong gpa, ReadOnlySpan<byte> bytes)
    {
        Gpa = gpa;
        Size = Math.Min(bytes.Length, Limits.MaxStoreBytes);
        bytes[..Size].CopyTo(MemoryMarshal.CreateSpan(ref _bytes[0], Limits.MaxStoreBytes));
    }

    /// <summary>Puts the bytes over what was read from an address on.</summary>
    public readonly void Overlay(ulong gpa, Span<byte> bytes)
    {
        long offset = (long)(Gpa - gpa);
        if (Size == 0 || offset >= bytes.Length || offset + Size <= 0)
            return;
        int skipped = (int)Math.Max(-offset, 0);
        int start = (int)Math.Max(offset, 0);
        int count = Math.Min(Size - skipped, bytes.Length - start);
        MemoryMarshal.CreateReadOnlySpan(in _bytes[skipped], count).CopyTo(bytes[start..]);
    }
}
