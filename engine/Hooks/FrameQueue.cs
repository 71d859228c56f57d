using System;
using System.Runtime.InteropServices;

namespace Engine.Hooks;

/// <summary>A queue of frame numbers in unmanaged memory, so that an exit that changes hooks allocates no managed memory.</summary>
/// <remarks>Thread safety: the owner's lock.</remarks>
internal sealed unsafe class FrameQueue : IDisposable
{
    private const int InitialCapacity = 64;

    private ulong* _frames = (ulong*)NativeMemory.Alloc(InitialCapacity, sizeof(ulong));
    private int _capacity = InitialCapacity;
    private int _first;

    /// <summary>Number of frames in it.</summary>
    public int Count { get; private set; }

    /// <summary>Puts a frame at the end.</summary>
    public void Enqueue(ulong frame)
    {
        if (Count == _capacity)
            Grow();
        _frames[(_first + Count) & (_capacity - 1)] = frame;
        Count++;
    }

    /// <summary>Takes the first frame. False: there is none.</summary>
    public bool TryDequeue(out ulong frame)
    {
        frame = 0;
        if (Count == 0)
            return false;
        frame = _frames[_first];
        _first = (_first + 1) & (_capacity - 1);
        Count--;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_frames);
        _frames = null;
        Count = 0;
    }

    private void Grow()
    {
        ulong* grown = (ulong*)NativeMemory.Alloc((nuint)_capacity * 2, sizeof(ulong));
        for (int i = 0; i < Count; i++)
            grown[i] = _frames[(_first + i) & (_capacity - 1)];
        NativeMemory.Free(_frames);
        _frames = grown;
        _capacity *= 2;
        _first = 0;
    }
}
