using System;
using System.Runtime.InteropServices;

namespace Engine.Concurrency;

/// <summary>A queue in unmanaged memory, for what exits put aside: it grows without managed memory.</summary>
/// <remarks>Thread safety: the owner's lock.</remarks>
internal sealed unsafe class NativeQueue<T> : IDisposable
    where T : unmanaged
{
    private const int InitialCapacity = 64;

    private T* _items = (T*)NativeMemory.Alloc(InitialCapacity, (nuint)sizeof(T));
    private int _capacity = InitialCapacity;
    private int _first;

    /// <summary>Number of items in it.</summary>
    public int Count { get; private set; }

    /// <summary>Puts an item at the end.</summary>
    public void Enqueue(T item)
    {
        if (Count == _capacity)
            Grow();
        _items[(_first + Count) & (_capacity - 1)] = item;
        Count++;
    }

    /// <summary>Looks at the first item. False: there is none.</summary>
    public bool TryPeek(out T item)
    {
        item = Count == 0 ? default : _items[_first];
        return Count != 0;
    }

    /// <summary>Takes the first item. False: there is none.</summary>
    public bool TryDequeue(out T item)
    {
        if (!TryPeek(out item))
            return false;
        _first = (_first + 1) & (_capacity - 1);
        Count--;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_items);
        _items = null;
        _capacity = 0;
        Count = 0;
    }

    private void Grow()
    {
        T* grown = (T*)NativeMemory.Alloc((nuint)_capacity * 2, (nuint)sizeof(T));
        for (int i = 0; i < Count; i++)
            grown[i] = _items[(_first + i) & (_capacity - 1)];
        NativeMemory.Free(_items);
        _items = grown;
        _capacity *= 2;
        _first = 0;
    }
}
