using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;

namespace Engine.Hooks;

/// <summary>
/// The hooks of a guest by frame: a hash table with chains in unmanaged memory. Its hash is keyed by a number that the guest does not
/// know, so that frames cannot be chosen to collide.
/// </summary>
/// <remarks>
/// <para>Hot path: <see cref="On(ulong)"/> reads the published buckets, one of them, and the chain; no lock, no allocation. The caller
/// holds a claim, so that what it reads lives as long as the exit.</para>
/// <para>Thread safety: readers need nothing but the claim. Writers are serialised by the owner. A hook is written in full before the
/// link that names it; removal sets a flag and takes the hook out of its chain. Hooks do not move. When there are more hooks than
/// buckets, twice as many buckets are filled bit by bit with each change, over a second set of links, while readers go by the first;
/// they are published with one store. So no change costs much more than another.</para>
/// </remarks>
internal sealed unsafe partial class FrameHookMap : IDisposable
{
    private const int InitialBuckets = 64;
    private const ulong Scatter = 0x9E37_79B9_7F4A_7C15;

    private readonly RetireList _retired;
    private readonly FrameHookPool _pool;
    private readonly ulong _secret = (ulong)Random.Shared.NextInt64() | 1;
    private nint _buckets = (nint)FrameHookBuckets.Allocate(InitialBuckets, generation: 0);

    public FrameHookMap(RetireList retired)
    {
        _retired = retired;
        _pool = new FrameHookPool(retired.Claims);
    }

    /// <summary>Number of hooks that are not removed. For writers.</summary>
    public int Count { get; private set; }

    /// <summary>The live hooks on a frame, disabled ones left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameHookCursor On(ulong frame) => On(frame, FrameHookFlags.Skipped);

    /// <summary>Union of the accesses that are hooked on a frame, by disabled hooks, too.</summary>
    public EptAccess HookedAccess(ulong frame)
    {
        EptAccess union = EptAccess.None;
        foreach (FrameHook* hook in On(frame, FrameHookFlags.Removed))
            union |= hook->Access;
        return union;
    }

    /// <summary>Adds a hook. <see cref="IntStatus.InsufficientResources"/>: a limit is reached.</summary>
    public IntStatus Add(
        ulong frame, int start, int end, EptAccess access, ushort handler, ulong cookie, FrameHookFlags flags = FrameHookFlags.None)
    {
        int onFrame = 0;
        foreach (FrameHook* _ in On(frame, FrameHookFlags.Removed))
            onFrame++;
        if (onFrame >= Limits.MaxHooksPerFrame || _pool.InUse >= Limits.MaxFrameHooks)
            return IntStatus.InsufficientResources;

        FrameHook* hook = _pool.Take();
        *hook = new FrameHook
        {
            Key = KeyOf(frame), Cookie = cookie, Start = (ushort)start, End = (ushort)end, Access = access, Handler = handler,
            Flags = flags,
        };
        Insert(Current, hook);
        if (IsInBoth(hook->Key))
            Insert(_growing, hook);
        Count++;
        Grow();
        return IntStatus.Success;
    }

    /// <summary>Removes the hooks of a handler on a frame that carry a cookie; returns how many.</summary>
    public int Remove(ulong frame, ushort handler, ulong cookie)
    {
        int removed = 0;
        foreach (FrameHook* hook in On(frame, FrameHookFlags.Removed))
        {
            if (hook->Handler != handler || hook->Cookie != cookie)
                continue;
            Remove(hook);
            removed++;
        }

        return removed;
    }

    /// <summary>Removes one hook that is like what is given; false: there is none.</summary>
    public bool RemoveOne(ulong frame, int start, int end, EptAccess access, ushort handler, ulong cookie)
    {
        foreach (FrameHook* hook in On(frame, FrameHookFlags.Removed))
        {
            if (hook->Handler != handler || hook->Cookie != cookie || hook->Access != access || hook->Start != start || hook->End != end)
                continue;
            Remove(hook);
            return true;
        }

        return false;
    }

    /// <summary>Removes one hook, unless that has happened.</summary>
    public void Remove(FrameHook* hook)
    {
        if ((hook->Flags & FrameHookFlags.Removed) != FrameHookFlags.None)
            return;

        hook->Flags |= FrameHookFlags.Removed;
        Unlink(Current, hook);
        if (IsInBoth(hook->Key))
            Unlink(_growing, hook);
        _pool.Give(hook);
        Count--;
        Grow();
    }

    /// <summary>Lets the hooks of a handler on a frame that carry a cookie be skipped, or asked again; returns how many.</summary>
    public int SetDisabled(ulong frame, ushort handler, ulong cookie, bool disabled)
    {
        int count = 0;
        foreach (FrameHook* hook in On(frame, FrameHookFlags.Removed))
        {
            if (hook->Handler != handler || hook->Cookie != cookie)
                continue;
            hook->Flags = disabled ? hook->Flags | FrameHookFlags.Disabled : hook->Flags & ~FrameHookFlags.Disabled;
            count++;
        }

        return count;
    }

    /// <summary>Frees the table. Only when nobody is left inside the guest.</summary>
    public void Dispose()
    {
        NativeMemory.Free((void*)_buckets);
        NativeMemory.Free(_growing);
        _buckets = 0;
        _growing = null;
        _pool.Dispose();
    }

    private FrameHookBuckets* Current => (FrameHookBuckets*)_buckets;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private FrameHookCursor On(ulong frame, FrameHookFlags skipped)
    {
        FrameHookBuckets* buckets = (FrameHookBuckets*)Volatile.Read(ref _buckets);
        ulong key = KeyOf(frame);
        FrameHook* first = (FrameHook*)Volatile.Read(ref *(nint*)FrameHookBuckets.Of(buckets, key));
        return new FrameHookCursor(first, key, buckets->Generation, skipped);
    }

    /// <summary>Scrambles a frame number, each to a key of its own.</summary>
    /// <remarks>With the secret's multiplication alone, frames at even distances fall into buckets at even distances, and one secret in a
    /// few hundred makes chains of ten and more of them.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong KeyOf(ulong frame)
    {
        ulong hash = frame * _secret;
        return (hash ^ (hash >> 32)) * Scatter;
    }

    /// <summary>Puts a hook behind those of its frame that are asked before it.</summary>
    private static void Insert(FrameHookBuckets* buckets, FrameHook* hook)
    {
        bool isHigh = (hook->Flags & FrameHookFlags.HighPriority) != FrameHookFlags.None;
        FrameHook** place = FrameHookBuckets.Of(buckets, hook->Key);
        bool found = false;
        for (FrameHook** link = place; *link != null; link = FrameHook.LinkOf(*link, buckets->Generation))
        {
            if ((*link)->Key != hook->Key)
                continue;

            // The first of the frame gives the place; each one that comes before ours moves it on.
            if (!isHigh || ((*link)->Flags & FrameHookFlags.HighPriority) != FrameHookFlags.None)
                place = FrameHook.LinkOf(*link, buckets->Generation);
            else if (!found)
                place = link;
            else
                break;
            found = true;
        }

        *FrameHook.LinkOf(hook, buckets->Generation) = *place;
        Volatile.Write(ref *(nint*)place, (nint)hook);
    }

    private static void Unlink(FrameHookBuckets* buckets, FrameHook* hook)
    {
        FrameHook** link = FrameHookBuckets.Of(buckets, hook->Key);
        while (*link != hook)
            link = FrameHook.LinkOf(*link, buckets->Generation);
        Volatile.Write(ref *(nint*)link, *(nint*)FrameHook.LinkOf(hook, buckets->Generation));
    }
}
