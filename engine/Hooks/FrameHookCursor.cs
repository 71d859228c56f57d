using System.Runtime.CompilerServices;
using System.Threading;

namespace Engine.Hooks;

/// <summary>Goes through the live hooks of one frame, in the table as it was when it began.</summary>
internal unsafe ref struct FrameHookCursor
{
    private readonly FrameHookBlock* _block;
    private readonly ulong _frame;
    private readonly FrameHookFlags _skipped;
    private readonly int _first;

    public FrameHookCursor(FrameHookBlock* block, ulong frame, int first, FrameHookFlags skipped)
    {
        _block = block;
        _frame = frame;
        _first = first;
        _skipped = skipped;
        Current = null;
    }

    /// <summary>The hook that <see cref="MoveNext"/> found.</summary>
    public FrameHook* Current { get; private set; }

    /// <summary>Lets the cursor be used in foreach.</summary>
    public readonly FrameHookCursor GetEnumerator() => this;

    /// <summary>Finds the next live hook on the frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MoveNext()
    {
        // Read only now: what was found last may have changed the chain. The chain is finite: each hook names an older one.
        int next = Current == null ? _first : Volatile.Read(ref Current->Next);
        while (next >= 0)
        {
            FrameHook* hook = FrameHookBlock.HooksOf(_block) + next;
            if (hook->Frame == _frame && (hook->Flags & _skipped) == FrameHookFlags.None)
            {
                Current = hook;
                return true;
            }

            next = Volatile.Read(ref hook->Next);
        }

        return false;
    }
}
