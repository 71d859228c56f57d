using System;
using System.Numerics;
using Engine.Memory;

namespace Engine.Symbols;

/// <summary>
/// From the hash of a name to the items that may have it, in the order of their numbers. Chains through an array: adding is one step
/// whatever the names are, and no look-up follows more than <see cref="Limits.MaxNameChain"/> links.
/// </summary>
internal sealed class NameIndex : IDisposable
{
    private readonly KeyedHash _hash = KeyedHash.Create();
    private readonly NativeTable<int> _heads;
    private readonly NativeTable<int> _next;

    /// <param name="count">Number of items.</param>
    public NameIndex(int count)
    {
        _heads = new NativeTable<int>((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(count, 1)));
        _next = new NativeTable<int>(count);
    }

    /// <summary>Bytes that it takes.</summary>
    public long Bytes => _heads.Bytes + _next.Bytes;

    /// <summary>Adds an item. Those with the largest numbers come first, so that look-ups find the smallest first.</summary>
    public void Add(int item, ReadOnlySpan<byte> name)
    {
        ref int head = ref _heads[HeadOf(name)];
        _next[item] = head;
        head = item + 1;
    }

    /// <summary>The first item that may have a name; -1: none has.</summary>
    public int First(ReadOnlySpan<byte> name) => _heads[HeadOf(name)] - 1;

    /// <summary>The item that may have the same name after this one; -1: there is none.</summary>
    public int Next(int item) => _next[item] - 1;

    /// <inheritdoc/>
    public void Dispose()
    {
        _heads.Dispose();
        _next.Dispose();
    }

    private int HeadOf(ReadOnlySpan<byte> name) => (int)(_hash.Of(name) & (ulong)(_heads.Length - 1));
}
