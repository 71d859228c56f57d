using System;
using System.Buffers.Binary;

namespace Engine.Symbols;

/// <summary>A hash of names under a key that the guest does not know: it cannot choose names that collide.</summary>
internal readonly struct NameHash
{
    private readonly ulong _key;

    private NameHash(ulong key) => _key = key;

    /// <summary>A hash with a key of its own.</summary>
    public static NameHash Create() => new((ulong)Random.Shared.NextInt64() | 1);

    /// <summary>The hash of a name.</summary>
    public uint Of(ReadOnlySpan<byte> name)
    {
        ulong hash = _key ^ (ulong)name.Length;
        while (name.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(name));
            name = name[sizeof(ulong)..];
        }

        ulong rest = 0;
        foreach (byte letter in name)
            rest = (rest << 8) | letter;
        return (uint)(Mix(hash ^ rest) >> 32);
    }

    /// <summary>The high and the low half of a product: a letter reaches every bit.</summary>
    private ulong Mix(ulong value)
    {
        ulong high = Math.BigMul(value, _key ^ 0x9E37_79B9_7F4A_7C15, out ulong low);
        return high ^ low;
    }
}
