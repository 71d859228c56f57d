using System.Runtime.CompilerServices;
using System.Threading;

namespace Engine.Hooks;

/// <summary>Goes through the live hooks of one frame, in the table as it was when it began.</summary>
internal unsafe ref struct FrameHookCursor
{
    private readonly FrameHookBlock* _block;
    private readonly ulong _frame;
    private int _next;

    public FrameHookCursor(FrameHookBlock* block, ulong frame, int first)
    {
        _block = block;
        _frame = frame;
        _next = first;
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
        // The chain is finite: each hook names an older one.
        while (_next >= 0)
        {
            FrameHook* hook = FrameHookBlock.HooksOf(_block) + _next;
            _next = hook->Next;
            if (hook->Frame == _frame && Volatile.Read(ref hook->Removed) == 0)
            {
                Current = hook;
                return true;
            }
        }

        return false;
    }
}
