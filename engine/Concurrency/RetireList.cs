using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Engine.Concurrency;

/// <summary>
/// Unmanaged blocks that were replaced by a newer version and wait until the last exit that may read them has ended. Bounded by
/// <see cref="Limits.MaxRetiredBytes"/>; nobody ever waits for it.
/// </summary>
/// <remarks>Thread safety: all members may be called from any thread. An exit learns of it by
/// <see cref="ExitChores"/>, and only then tries the lock.</remarks>
internal sealed unsafe class RetireList : IDisposable
{
    private readonly Lock _lock = new();
    private readonly NativeQueue<(nint Block, nuint Bytes, ulong Epoch)> _blocks = new();
    private long _bytes;

    public RetireList(ClaimTable claims) => Claims = claims;

    /// <summary>Who may still be reading.</summary>
    public ClaimTable Claims { get; }

    /// <summary>Tells whether there is nothing to free.</summary>
    public bool IsEmpty
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !Claims.Chores.Has(ExitChore.FreeBlocks);
    }

    /// <summary>Tells whether another block would be too much; the writer then tries again later.</summary>
    public bool IsFull => Volatile.Read(ref _bytes) >= Limits.MaxRetiredBytes;

    /// <summary>Bytes that wait.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Takes over a block of so many bytes, allocated by <see cref="NativeMemory.Alloc(nuint)"/> or AllocZeroed, that is no
    /// longer published.</summary>
    public void Retire(void* block, nuint bytes)
    {
        ulong epoch = Claims.Advance();
        lock (_lock)
        {
            _blocks.Enqueue(((nint)block, bytes, epoch));
            Volatile.Write(ref _bytes, _bytes + (long)bytes);
            Claims.Chores.Set(ExitChore.FreeBlocks, on: true);
        }
    }

    /// <summary>Frees what nobody can read any more. Does nothing when another thread is at it.</summary>
    public void Collect()
    {
        if (!_lock.TryEnter())
            return;

        try
        {
            while (_blocks.TryPeek(out (nint Block, nuint Bytes, ulong Epoch) oldest) && Claims.PassedSince(oldest.Epoch))
                FreeFirst();
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Frees everything. Only when nobody is left inside the guest.</summary>
    public void FreeAll()
    {
        lock (_lock)
        {
            while (_blocks.Count != 0)
                FreeFirst();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FreeAll();
        _blocks.Dispose();
    }

    private void FreeFirst()
    {
        _blocks.TryDequeue(out (nint Block, nuint Bytes, ulong Epoch) block);
        NativeMemory.Free((void*)block.Block);
        Volatile.Write(ref _bytes, _bytes - (long)block.Bytes);
        Claims.Chores.Set(ExitChore.FreeBlocks, _blocks.Count != 0);
    }
}
