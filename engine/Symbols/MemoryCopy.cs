using System;
using System.Collections.Generic;

namespace Engine.Symbols;

/// <summary>
/// A copy of a range of memory, in which is searched: each byte was read once, so that nothing changes any more under whoever parses it.
/// What was absent is 0.
/// </summary>
internal sealed class MemoryCopy : IDisposable
{
    private const int PageSize = 4096;

    private readonly NativeTable<byte> _bytes;

    /// <param name="address">Linear address of its first byte, at a page's begin.</param>
    /// <param name="length">Number of bytes, at most <see cref="Limits.MaxKernelRodata"/>.</param>
    public MemoryCopy(ulong address, int length)
    {
        Address = address;
        _bytes = new NativeTable<byte>(Math.Min(length, Limits.MaxKernelRodata));
    }

    /// <summary>Linear address of the first byte.</summary>
    public ulong Address { get; }

    /// <summary>Number of bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>The bytes.</summary>
    public Span<byte> Bytes => _bytes.Span;

    /// <summary>Number of bytes that were there.</summary>
    public int Present { get; private set; }

    /// <summary>Reads all of it.</summary>
    public IEnumerable<WorkStep> Fill(IMemoryReader reader)
    {
        for (int from = 0; from < Length; from += Limits.CopiedBytesPerStep)
        {
            FillPart(reader, from, Math.Min(Length, from + Limits.CopiedBytesPerStep));
            yield return default;
        }
    }

    /// <summary>Whether [address, address + size) lies in it, and where.</summary>
    public bool TryFind(ulong address, int size, out int offset)
    {
        ulong distance = address - Address;
        bool isInside = distance <= (ulong)Length && size >= 0 && (ulong)size <= (ulong)Length - distance;
        offset = isInside ? (int)distance : 0;
        return isInside;
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private void FillPart(IMemoryReader reader, int from, int end)
    {
        Span<byte> bytes = _bytes.Span;
        while (from < end)
        {
            int read = reader.Read(Address + (ulong)from, bytes[from..end]);
            Present += read;
            from += read;
            if (from >= end)
                break;

            // A page that is absent, or its rest.
            int next = Math.Min(end, (from & -PageSize) + PageSize);
            bytes[from..next].Clear();
            from = next;
        }
    }
}
