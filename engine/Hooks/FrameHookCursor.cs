using System.Runtime.CompilerServices;
using System.Threading;

namespace Engine.Hooks;

/// <summary>Goes through the live hooks of one frame, those of high priority first, then in the order in which they were set.</summary>
internal unsafe ref struct FrameHookCursor
{
    private readonly ulong _key;
    private readonly FrameHookFlags _skipped;
    private readonly int _generation;
    private readonly FrameHook* _first;

    public FrameHookCursor(FrameHook* first, ulong key, int generation, FrameHookFlags skipped)
    {
        _first = first;
        _key = key;
        _generation = generation;
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
        // The link is read only now: what was found last may have led to changes. A hook that was removed keeps its links as long as
        // the reader's claim lasts, so that it leads on.
        FrameHook* hook = Current == null ? _first : Next(Current);
        while (hook != null)
        {
            if (hook->Key == _key && (hook->Flags & _skipped) == FrameHookFlags.None)
            {
                Current = hook;
                return true;
            }

            hook = Next(hook);
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly FrameHook* Next(FrameHook* hook) => (FrameHook*)Volatile.Read(ref *(nint*)FrameHook.LinkOf(hook, _generation));
}
