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
/// <para>A cell is 0 when idle or <c>epoch &lt;&lt; 1 | 1</c>. It is the first word of a block of memory that is whole cache lines
/// of its own; the rest of a vCPU's block is the caller's.</para>
/// <para>Reader: read the epoch, put it into the cell by compare-exchange (a full fence), then read published pointers.
/// Writer: publish the new pointer, advance the epoch (a full fence), and free the old block once every cell is idle or
/// holds the new epoch or a later one. A reader that claims with an old epoch after the writer has looked at its cell reads
/// the pointer after its own fence, and so sees the new one.</para>
/// <para>The blocks live in a pinned managed array: a thread that found the guest just before its end can still try to claim,
/// whatever has been freed meanwhile, and is turned away by the guest's state.</para>
/// </remarks>
internal sealed unsafe class ClaimTable
{
    /// <summary>Bytes of a cache line; the least a block has, and what its size is a multiple of.</summary>
    public const int LineBytes = 64;

    /// <summary>The last of them is that of the guest's life.</summary>
    private const int ExternalCells = Limits.MaxExternalThreads + 1;

    private readonly byte[] _storage;
    private readonly byte* _external;
    private readonly int _vcpuCount;
    private readonly int _blockBytes;
    private ulong _epoch = 1;

    /// <summary>Makes the cells of <paramref name="vcpuCount"/> vCPUs, in zeroed blocks of so many bytes.</summary>
    public ClaimTable(int vcpuCount, int blockBytes = LineBytes)
    {
        _vcpuCount = vcpuCount;
        _blockBytes = blockBytes;
        _storage = GC.AllocateArray<byte>(
            (vcpuCount * blockBytes) + ((ExternalCells + 1) * LineBytes), pinned: true);
        nuint start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_storage));
        Blocks = (byte*)((start + LineBytes - 1) & ~(nuint)(LineBytes - 1));
        _external = Blocks + ((nint)vcpuCount * blockBytes);
    }

    /// <summary>The block of vCPU 0; the others follow. As old as this object.</summary>
    public byte* Blocks { get; }

    /// <summary>What exits have to do at their end besides.</summary>
    public ExitChores Chores { get; } = new();

    /// <summary>The cell of a vCPU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* CellOf(uint vcpu) => (ulong*)(Blocks + ((nint)vcpu * _blockBytes));

    /// <summary>Claims a cell. False: another thread has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClaim(ulong* cell)
    {
        ulong word = (Volatile.Read(ref _epoch) << 1) | 1;
        return Interlocked.CompareExchange(ref *cell, word, 0) == 0;
    }

    /// <summary>Claims a cell for a thread without a vCPU. Null when all are taken.</summary>
    public ulong* TryClaimExternal()
    {
        for (int i = 0; i < Limits.MaxExternalThreads; i++)
        {
            if (TryClaim(ExternalCell(i)))
                return ExternalCell(i);
        }

        return null;
    }

    /// <summary>Claims the cell of the one thread that starts the guest, or starts it over. Null: another thread is at it.</summary>
    public ulong* TryClaimLife()
    {
        ulong* cell = ExternalCell(ExternalCells - 1);
        return TryClaim(cell) ? cell : null;
    }

    /// <summary>Gives a cell back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Release(ulong* cell) => Volatile.Write(ref *cell, 0);

    /// <summary>Begins a new epoch and returns it; a full fence.</summary>
    public ulong Advance() => Interlocked.Increment(ref _epoch);

    /// <summary>Tells whether nobody is left inside who came in before the given epoch.</summary>
    public bool PassedSince(ulong epoch)
    {
        for (uint i = 0; i < (uint)_vcpuCount; i++)
        {
            if (IsBefore(epoch, CellOf(i)))
                return false;
        }

        for (int i = 0; i < ExternalCells; i++)
        {
            if (IsBefore(epoch, ExternalCell(i)))
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

    private static bool IsBefore(ulong epoch, ulong* cell)
    {
        ulong word = Volatile.Read(ref *cell);
        return word != 0 && word >> 1 < epoch;
    }

    private ulong* ExternalCell(int index) => (ulong*)(_external + ((nint)index * LineBytes));
}
