using System.Runtime.CompilerServices;
using System.Threading;

namespace Engine.Concurrency;

/// <summary>A lock for sections of a few hundred instructions that call nobody: not the glue, no handler. Not re-entrant.</summary>
/// <remarks>Cheaper than Lock, and it never sleeps: the waiting thread may hold the glue's lock.</remarks>
internal struct ShortLock
{
    private int _taken;

    /// <summary>Takes the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter()
    {
        if (Interlocked.CompareExchange(ref _taken, 1, 0) != 0)
            EnterSlowly();
    }

    /// <summary>Gives it back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit() => Volatile.Write(ref _taken, 0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterSlowly()
    {
        // The holder is a running thread that waits for nobody; if it lost its processor, yielding gives it one.
        SpinWait spinner = default;
        do
            spinner.SpinOnce(sleep1Threshold: -1);
        while (Volatile.Read(ref _taken) != 0 || Interlocked.CompareExchange(ref _taken, 1, 0) != 0);
    }
}
