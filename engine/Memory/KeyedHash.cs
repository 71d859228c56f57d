using System;
using System.Runtime.InteropServices;

namespace Engine.Memory;

/// <summary>A hash of bytes that a guest chooses, under a key that it does not know: it can look neither for other bytes of the same hash
/// nor for many that collide.</summary>
internal readonly struct KeyedHash
{
    private readonly ulong _first;
    private readonly ulong _second;

    private KeyedHash(ulong first, ulong second)
    {
        _first = first;
        _second = second;
    }

    /// <summary>One with a key of its own.</summary>
    public static KeyedHash Create()
    {
        Span<ulong> key = stackalloc ulong[2];
        Random.Shared.NextBytes(MemoryMarshal.AsBytes(key));
        return new KeyedHash(key[0] | 1, key[1] | 1);
    }

    /// <summary>The hash of some bytes.</summary>
    public ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong state = _second ^ (ulong)bytes.Length;
        while (bytes.Length >= sizeof(ulong))
        {
            state = Mix(state ^ MemoryMarshal.Read<ulong>(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        ulong rest = 0;
        for (int i = 0; i < bytes.Length; i++)
            rest |= (ulong)bytes[i] << (i * 8);
        return Mix(state ^ rest);
    }

    private ulong Mix(ulong value)
    {
        ulong high = Math.BigMul(value ^ _second, _first, out ulong low);
        return high ^ low ^ (value >> 32) ^ (value << 32);
    }
}
