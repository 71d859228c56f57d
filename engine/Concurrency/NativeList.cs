using System;
using System.Runtime.InteropServices;

namespace Engine.Concurrency;

/// <summary>A list in unmanaged memory, for what an exit collects; it keeps its memory for the next one.</summary>
/// <remarks>Thread safety: the owner's.</remarks>
internal sealed unsafe class NativeList<T> : IDisposable
    where T : unmanaged
{
    private const int InitialCapacity = 16;

    private T* _items;
    private int _capacity;

    /// <summary>Number of items.</summary>
    public int Count { get; private set; }

    /// <summary>An item below <see cref="Count"/>; it moves when one is added.</summary>
    public ref T this[int index] => ref _items[index];

    /// <summary>Adds an item.</summary>
    public void Add(T item)
    {
        if (Count == _capacity)
        {
            _capacity = Math.Max(InitialCapacity, _capacity * 2);
            _items = (T*)NativeMemory.Realloc(_items, (nuint)_capacity * (nuint)sizeof(T));
        }

        _items[Count++] = item;
    }

    /// <summary>Takes all items out.</summary>
    public void Clear() => Count = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_items);
        _items = null;
        _capacity = Count = 0;
    }
}
