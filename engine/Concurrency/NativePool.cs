using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Concurrency;

/// <summary>
/// Records in unmanaged memory that are named by an index and do not move. The first four bytes of a record are the pool's while it
/// is free; the rest stays as it was, so that a record may count how often it was used.
/// </summary>
/// <remarks>Thread safety: the owner's lock.</remarks>
internal sealed unsafe class NativePool<T> : IDisposable
    where T : unmanaged
{
    private const int ChunkShift = 6;
    private const int ChunkSize = 1 << ChunkShift;
    private const int None = -1;

    private T** _chunks;
    private int _chunkCount;
    private int _chunkRoom;
    private int _free = None;

    /// <summary>Records that are in use.</summary>
    public int Count { get; private set; }

    /// <summary>One more than the largest index that was ever used.</summary>
    public int Bound => _chunkCount * ChunkSize;

    /// <summary>A record; the index is one that <see cref="Take"/> gave.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* At(int index) => _chunks[index >> ChunkShift] + (index & (ChunkSize - 1));

    /// <summary>Takes a record, zero when it is taken for the first time.</summary>
    public int Take()
    {
        if (_free == None)
            AddChunk();
        int index = _free;
        _free = *(int*)At(index);
        Count++;
        return index;
    }

    /// <summary>Gives a record back.</summary>
    public void Give(int index)
    {
        *(int*)At(index) = _free;
        _free = index;
        Count--;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = 0; i < _chunkCount; i++)
            NativeMemory.Free(_chunks[i]);
        NativeMemory.Free(_chunks);
        _chunks = null;
        _chunkCount = _chunkRoom = Count = 0;
        _free = None;
    }

    private void AddChunk()
    {
        if (_chunkCount == _chunkRoom)
        {
            _chunkRoom = Math.Max(16, _chunkRoom * 2);
            _chunks = (T**)NativeMemory.Realloc(_chunks, (nuint)_chunkRoom * (nuint)sizeof(T*));
        }

        _chunks[_chunkCount] = (T*)NativeMemory.AllocZeroed(ChunkSize, (nuint)sizeof(T));
        int first = _chunkCount++ * ChunkSize;
        for (int i = ChunkSize - 1; i >= 0; i--)
        {
            *(int*)At(first + i) = _free;
            _free = first + i;
        }
    }
}
