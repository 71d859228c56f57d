using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Concurrency;
using Engine.Hosting;

namespace Engine.Memory;

/// <summary>
/// Mappings that have left the cache and wait until the last thread that may use them has left the guest's engine; then the glue
/// unmaps them. Bounded by <see cref="Limits.MaxRetiredMappings"/>; nobody ever waits for it.
/// </summary>
/// <remarks>Thread safety: all members may be called from any thread that holds a claim. The end of an exit
/// learns of it by <see cref="ExitChores"/>. The glue is called without the lock.</remarks>
internal sealed unsafe class RetiredMappings : IDisposable
{
    private const int CollectAtOnce = 16;

    private readonly Lock _lock = new();
    private readonly NativeQueue<(nint Host, ulong Epoch)> _mappings = new();
    private readonly Hypervisor _hypervisor;
    private readonly ClaimTable _claims;
    private int _count;
    private int _leaving;

    public RetiredMappings(Hypervisor hypervisor, ClaimTable claims)
    {
        _hypervisor = hypervisor;
        _claims = claims;
    }

    /// <summary>Tells whether none waits.</summary>
    public bool IsEmpty
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _count) == 0;
    }

    /// <summary>Tells whether none waits, and no other thread is unmapping one at the moment.</summary>
    public bool IsDone => IsEmpty && Volatile.Read(ref _leaving) == 0;

    /// <summary>Tells whether another one would be too many.</summary>
    public bool IsFull => Volatile.Read(ref _count) >= Limits.MaxRetiredMappings;

    /// <summary>Takes over a mapping that nobody can find any more.</summary>
    public void Retire(byte* host)
    {
        ulong epoch = _claims.Advance();
        lock (_lock)
        {
            _mappings.Enqueue(((nint)host, epoch));
            Count();
        }
    }

    /// <summary>Unmaps what nobody can use any more. Does nothing when another thread is at it.</summary>
    public void Collect()
    {
        Span<nint> taken = stackalloc nint[CollectAtOnce];
        for (int done = 0; done < Limits.MaxRetiredMappings; done += CollectAtOnce)
        {
            int count = Take(taken, onlyPassed: true);
            Unmap(taken[..count]);
            if (count < CollectAtOnce)
                break;
        }
    }

    /// <summary>Unmaps everything. Only when nobody is left inside the guest.</summary>
    public void CollectAll()
    {
        Span<nint> taken = stackalloc nint[CollectAtOnce];
        while (!IsEmpty)
            Unmap(taken[..Take(taken, onlyPassed: false)]);
    }

    /// <inheritdoc/>
    public void Dispose() => _mappings.Dispose();

    private int Take(Span<nint> taken, bool onlyPassed)
    {
        int count = 0;
        if (!_lock.TryEnter())
            return 0;

        try
        {
            while (count < taken.Length && _mappings.TryPeek(out (nint Host, ulong Epoch) oldest) &&
                (!onlyPassed || _claims.PassedSince(oldest.Epoch)))
            {
                taken[count++] = oldest.Host;
                _mappings.TryDequeue(out _);
            }

            // In this order, so that what is on its way is never overlooked.
            Interlocked.Add(ref _leaving, count);
            Count();
            return count;
        }
        finally
        {
            _lock.Exit();
        }
    }

    private void Count()
    {
        Volatile.Write(ref _count, _mappings.Count);
        _claims.Chores.Set(ExitChore.UnmapPages, _mappings.Count != 0);
    }

    private void Unmap(ReadOnlySpan<nint> taken)
    {
        foreach (nint host in taken)
        {
            _hypervisor.Unmap((byte*)host);
            Interlocked.Decrement(ref _leaving);
        }
    }
}
