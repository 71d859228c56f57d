using System.Runtime.CompilerServices;
using System.Threading;

namespace Engine.Concurrency;

/// <summary>What exits of a guest have to do at their end besides: seldom anything, so that it is one test for all of it.</summary>
/// <remarks>Thread safety: all members may be called from any thread. Each chore is set and cleared by its owner alone, under a lock of
/// the owner's or by one thread at a time, so that it says what the owner says.</remarks>
internal sealed class ExitChores
{
    private int _chores;

    /// <summary>Whether there is anything.</summary>
    public bool Any
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _chores) != 0;
    }

    /// <summary>Whether there is this one.</summary>
    public bool Has(ExitChore chore) => (Volatile.Read(ref _chores) & (int)chore) != 0;

    /// <summary>Adds or removes one.</summary>
    public void Set(ExitChore chore, bool on)
    {
        if (Has(chore) == on)
            return;
        if (on)
            Interlocked.Or(ref _chores, (int)chore);
        else
            Interlocked.And(ref _chores, ~(int)chore);
    }
}
