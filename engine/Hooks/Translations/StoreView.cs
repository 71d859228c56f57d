using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Memory;

namespace Engine.Hooks.Translations;

/// <summary>Paging entries as they will be after a store, or as they are: whole words of 8 bytes, which hold whole entries.</summary>
internal readonly ref struct StoreView
{
    /// <summary>Bytes of the largest store, and of the words that it begins and ends in.</summary>
    public const int MaxBytes = Limits.MaxStoreBytes + 16;

    private const ulong WordMask = 7;

    private readonly ulong _start;
    private readonly ReadOnlySpan<byte> _bytes;

    private StoreView(ulong start, ReadOnlySpan<byte> bytes, ulong gpa, int size)
    {
        _start = start;
        _bytes = bytes;
        Gpa = gpa;
        Size = size;
    }

    /// <summary>Guest-physical address of the first byte that counts.</summary>
    public ulong Gpa { get; }

    /// <summary>Number of bytes that count; 0: they cannot be had.</summary>
    public int Size { get; }

    /// <summary>The entries that a store of known bytes leads to: its bytes, and what is in memory around them.</summary>
    /// <param name="access">The store; its bytes lie in one frame.</param>
    /// <param name="buffer"><see cref="MaxBytes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StoreView After(in FrameAccess access, Span<byte> buffer)
    {
        ReadOnlySpan<byte> data = access.Data;
        if (((access.Gpa | (uint)data.Length) & WordMask) == 0)
            return new StoreView(access.Gpa, data, access.Gpa, data.Length);

        StoreView around = Of(access.Memory, access.Gpa, data.Length, buffer);
        if (around.Size != 0)
            data.CopyTo(buffer[(int)(access.Gpa & WordMask)..]);
        return around;
    }

    /// <summary>Entries as they are in memory.</summary>
    public static StoreView Of(GuestMemory memory, ulong gpa, int size, Span<byte> buffer)
    {
        ulong start = gpa & ~WordMask;
        int bytes = (int)(((gpa + (ulong)size + WordMask) & ~WordMask) - start);
        return memory.Read(start, buffer[..bytes]) == bytes ? new StoreView(start, buffer[..bytes], gpa, size) : default;
    }

    /// <summary>An entry that the view covers, of 4 or 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong EntryAt(ulong gpa, int entrySize)
    {
        ReadOnlySpan<byte> rest = _bytes[(int)(gpa - _start)..];
        return entrySize == sizeof(uint) ? MemoryMarshal.Read<uint>(rest) : MemoryMarshal.Read<ulong>(rest);
    }
}
