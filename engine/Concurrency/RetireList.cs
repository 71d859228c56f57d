using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Engine.Concurrency;

/// <summary>
/// Unmanaged blocks that were replaced by a newer version and wait until the last exit that may read them has ended. Bounded by
/// <see cref="Limits.MaxRetiredBlocks"/>; nobody ever waits for it.
/// </summary>
/// <remarks>Thread safety: all members may be called from any thread. An exit asks <see cref="IsEmpty"/>, one read, and only
/// then tries the lock.</remarks>
internal sealed unsafe class RetireList
{
    private readonly Lock _lock = new();
    private readonly Queue<(nint Block, ulong Epoch)> _blocks = new(Limits.MaxRetiredBlocks);
    private readonly ClaimTable _claims;
    private int _count;

    public RetireList(ClaimTable claims) => _claims = claims;

    /// <summary>Tells whether there is nothing to free.</summary>
    public bool IsEmpty
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _count) == 0;
    }

    /// <summary>Tells whether another block would be too many; the writer then tries again later.</summary>
    public bool IsFull => Volatile.Read(ref _count) >= Limits.MaxRetiredBlocks;

    /// <summary>Takes over a block, allocated by <see cref="NativeMemory"/>, that is no longer published.</summary>
    public void Retire(void* block)
    {
        ulong epoch = _claims.Advance();
        lock (_lock)
        {
            _blocks.Enqueue(((nint)block, epoch));
            Volatile.Write(ref _count, _blocks.Count);
        }
    }

    /// <summary>Frees what nobody can read any more. Does nothing when another thread is at it.</summary>
    public void Collect()
    {
        if (!_lock.TryEnter())
            return;

        try
        {
            while (_blocks.TryPeek(out (nint Block, ulong Epoch) oldest) && _claims.PassedSince(oldest.Epoch))
            {
                NativeMemory.AlignedFree((void*)oldest.Block);
                _blocks.Dequeue();
            }

            Volatile.Write(ref _count, _blocks.Count);
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
            while (_blocks.TryDequeue(out (nint Block, ulong Epoch) block))
                NativeMemory.AlignedFree((void*)block.Block);
            Volatile.Write(ref _count, 0);
        }
    }
}
