using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Engine.Concurrency;

/// <summary>
/// One claim cell for each vCPU of a guest, and some for threads without a vCPU. A cell does three things with a single
/// interlocked operation an exit: it keeps two threads off one vCPU's record, it tells a writer which version of the published
/// structures a reader may still hold, and it lets the guest's end wait until nobody is inside.
/// </summary>
/// <remarks>
/// <para>A cell is 64 bytes, a cache line of its own, and its first word is 0 when idle or <c>epoch &lt;&lt; 1 | 1</c>.</para>
/// <para>Reader: read the epoch, put it into the cell by compare-exchange (a full fence), then read published pointers.
/// Writer: publish the new pointer, advance the epoch (a full fence), and free the old block once every cell is idle or
/// holds the new epoch or a later one. A reader that claims with an old epoch after the writer has looked at its cell reads
/// the pointer after its own fence, and so sees the new one.</para>
/// <para>The cells live in a pinned managed array: a thread that found the guest just before its end can still try to claim,
/// whatever has been freed meanwhile, and is turned away by the guest's state.</para>
/// </remarks>
internal sealed unsafe class ClaimTable
{
    private const int CellWords = 8;

    private readonly ulong[] _storage;
    private readonly ulong* _cells;
    private readonly int _vcpuCount;
    private readonly int _cellCount;
    private ulong _epoch = 1;

    public ClaimTable(int vcpuCount)
    {
        _vcpuCount = vcpuCount;
        _cellCount = vcpuCount + Limits.MaxExternalThreads;
        _storage = GC.AllocateArray<ulong>((_cellCount + 1) * CellWords, pinned: true);
        nuint start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_storage));
        _cells = (ulong*)((start + 63) & ~(nuint)63);
    }

    /// <summary>Claims the cell of a vCPU. False: another thread has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClaim(uint vcpu)
    {
        ulong word = (Volatile.Read(ref _epoch) << 1) | 1;
        return Interlocked.CompareExchange(ref _cells[(nint)vcpu * CellWords], word, 0) == 0;
    }

    /// <summary>Claims a cell for a thread without a vCPU. Returns its index, or -1 when all are taken.</summary>
    public int TryClaimExternal()
    {
        for (int i = _vcpuCount; i < _cellCount; i++)
        {
            if (TryClaim((uint)i))
                return i;
        }

        return -1;
    }

    /// <summary>Gives a cell back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(int cell) => Volatile.Write(ref _cells[(nint)cell * CellWords], 0);

    /// <summary>Begins a new epoch and returns it; a full fence.</summary>
    public ulong Advance() => Interlocked.Increment(ref _epoch);

    /// <summary>Tells whether nobody is left inside who came in before the given epoch.</summary>
    public bool PassedSince(ulong epoch)
    {
        for (int i = 0; i < _cellCount; i++)
        {
            ulong word = Volatile.Read(ref _cells[(nint)i * CellWords]);
            if (word != 0 && word >> 1 < epoch)
                return false;
        }

        return true;
    }

    /// <summary>Waits a bounded time until nobody is left inside who came in before the given epoch.</summary>
    public bool WaitSince(ulong epoch)
    {
        SpinWait spinner = default;
        long end = Environment.TickCount64 + Limits.DrainMilliseconds;
        for (int i = 0; i < Limits.DrainPolls && Environment.TickCount64 < end; i++)
        {
            if (PassedSince(epoch))
                return true;

            // No sleep of 1 ms: the thread may hold the glue's lock.
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        return PassedSince(epoch);
    }
}
