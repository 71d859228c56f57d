using System.Threading;

namespace Engine.Hooks;

/// <content>More buckets, bit by bit.</content>
internal sealed unsafe partial class FrameHookMap
{
    /// <summary>Buckets that each change carries over: all are done before there are one in eight hooks more.</summary>
    private const int BucketsPerChange = 8;

    private FrameHookBuckets* _growing;
    private int _carried;
    private ulong _publishedIn;

    /// <summary>Number of buckets.</summary>
    public int BucketCount => Current->Count;

    /// <summary>Hooks that take memory: those that are set, and removed ones that an exit may still read.</summary>
    public int HooksInMemory => _pool.InUse;

    /// <summary>Whether the hooks of a key are in both generations already.</summary>
    private bool IsInBoth(ulong key) => _growing != null && (int)(key >> Current->Shift) < _carried;

    /// <summary>Begins to grow when there are more hooks than buckets, and carries some buckets over.</summary>
    private void Grow()
    {
        if (_growing == null)
        {
            // The links of the new generation were those of the one before the last: nobody may be left who goes by them.
            if (Count <= Current->Count || !_retired.Claims.PassedSince(_publishedIn))
                return;
            _growing = FrameHookBuckets.Allocate(Current->Count * 2, 1 - Current->Generation);
            _carried = 0;
        }

        for (int i = 0; i < BucketsPerChange && _carried < Current->Count; i++)
            CarryOver(_carried++);
        if (_carried == Current->Count)
            Publish();
    }

    private void CarryOver(int index)
    {
        FrameHookBuckets* from = Current;
        for (FrameHook* hook = *FrameHookBuckets.At(from, index); hook != null; hook = *FrameHook.LinkOf(hook, from->Generation))
        {
            // At the end of its new chain, since the order of a frame's hooks stays. Nobody reads these links yet.
            FrameHook** link = FrameHookBuckets.Of(_growing, hook->Key);
            while (*link != null)
                link = FrameHook.LinkOf(*link, _growing->Generation);
            *link = hook;
            *FrameHook.LinkOf(hook, _growing->Generation) = null;
        }
    }

    private void Publish()
    {
        FrameHookBuckets* old = Current;
        Volatile.Write(ref _buckets, (nint)_growing);
        _growing = null;
        _retired.Retire(old, old->Bytes);
        _publishedIn = _retired.Claims.Advance();
    }
}
