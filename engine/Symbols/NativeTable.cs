using System;
using System.Runtime.InteropServices;

namespace Engine.Symbols;

/// <summary>An array in unmanaged memory, zero at first: what is large and lives long stays out of the managed heap.</summary>
/// <remarks>Thread safety: as an array. Whoever disposes of it knows that nobody reads it any more.</remarks>
internal sealed unsafe class NativeTable<T> : IDisposable
    where T : unmanaged
{
    private T* _items;
    private int _length;

    /// <param name="length">Number of items, not negative.</param>
    public NativeTable(int length)
    {
        _items = (T*)NativeMemory.AllocZeroed((nuint)Math.Max(length, 1), (nuint)sizeof(T));
        _length = length;
    }

    /// <summary>Number of items; 0 once it is disposed of.</summary>
    public int Length => _length;

    /// <summary>All of it.</summary>
    public Span<T> Span => new(_items, _length);

    /// <summary>Bytes that it takes.</summary>
    public long Bytes => (long)_length * sizeof(T);

    /// <summary>An item; the index is checked.</summary>
    public ref T this[int index]
    {
        get
        {
            if ((uint)index >= (uint)_length)
                throw new ArgumentOutOfRangeException(nameof(index));
            return ref _items[index];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_items);
        _items = null;
        _length = 0;
    }
}
