using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;

namespace Engine.Hooks;

/// <summary>
/// The hooks of a guest by frame: a hash table with chains in one unmanaged block. Its hash is keyed by a number that the guest
/// does not know, so that frames cannot be chosen to collide.
/// </summary>
/// <remarks>
/// <para>Hot path: <see cref="On(ulong)"/> reads the published block, one bucket, and the chain; no lock, no allocation. The caller
/// holds a claim, so that the block lives as long as the exit.</para>
/// <para>Thread safety: readers need nothing but the claim. Writers are serialised by the owner. A hook is written in full
/// before the bucket that names it; removal sets one byte and takes the hook out of its chain. When the block is full, the live
/// hooks are copied to another one, which is published with one store, and the old one is retired.</para>
/// </remarks>
internal sealed unsafe class FrameHookMap : IDisposable
{
    private const int InitialCapacity = 64;

    private readonly RetireList _retired;
    private readonly ulong _key = (ulong)Random.Shared.NextInt64() | 1;
    private nint _block = (nint)FrameHookBlock.Allocate(InitialCapacity);
    private int _live;

    public FrameHookMap(RetireList retired) => _retired = retired;

    /// <summary>Number of hooks that are not removed. For writers.</summary>
    public int Count => _live;

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
    public IntStatus Add(ulong frame, int start, int end, EptAccess access, ushort handler, ulong cookie)
    {
        int onFrame = 0;
        foreach (FrameHook* _ in On(frame, FrameHookFlags.Removed))
            onFrame++;
        if (onFrame >= Limits.MaxHooksPerFrame || _live >= Limits.MaxFrameHooks)
            return IntStatus.InsufficientResources;

        FrameHookBlock* block = (FrameHookBlock*)_block;
        if (block->Used == block->Capacity)
        {
            if (_retired.IsFull)
                _retired.Collect();
            if (_retired.IsFull)
                return IntStatus.InsufficientResources;
            block = Rebuild(block);
        }

        FrameHook hook = new()
        {
            Frame = frame, Cookie = cookie, Start = (ushort)start, End = (ushort)end, Access = access, Handler = handler,
        };
        FrameHookBlock.Insert(block, hook, _key);
        _live++;
        return IntStatus.Success;
    }

    /// <summary>Removes the hooks of a handler on a frame that carry a cookie; returns how many.</summary>
    public int Remove(ulong frame, ushort handler, ulong cookie)
    {
        FrameHookBlock* block = (FrameHookBlock*)_block;
        int* link = FrameHookBlock.BucketOf(block, frame, _key);
        int removed = 0;
        while (*link >= 0)
        {
            FrameHook* hook = FrameHookBlock.HooksOf(block) + *link;
            if (hook->Frame != frame || hook->Handler != handler || hook->Cookie != cookie)
            {
                link = &hook->Next;
                continue;
            }

            Unlink(link, hook);
            removed++;
        }

        return removed;
    }

    /// <summary>Removes one hook, which may lie in a table that was replaced meanwhile; it is then found by what it says.</summary>
    public void Remove(FrameHook* gone)
    {
        FrameHookBlock* block = (FrameHookBlock*)_block;
        int* link = FrameHookBlock.BucketOf(block, gone->Frame, _key);
        while (*link >= 0)
        {
            FrameHook* hook = FrameHookBlock.HooksOf(block) + *link;
            if (hook->Frame == gone->Frame && hook->Handler == gone->Handler && hook->Cookie == gone->Cookie &&
                hook->Start == gone->Start && hook->End == gone->End && hook->Access == gone->Access)
            {
                Unlink(link, hook);
                return;
            }

            link = &hook->Next;
        }
    }

    private void Unlink(int* link, FrameHook* hook)
    {
        // Out of the chain, so that hooks that come and go do not make it long. A reader that is on it finds its way on: its own
        // link stays until the block is replaced.
        hook->Flags |= FrameHookFlags.Removed;
        Volatile.Write(ref *link, hook->Next);
        _live--;
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
        NativeMemory.AlignedFree((void*)_block);
        _block = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private FrameHookCursor On(ulong frame, FrameHookFlags skipped)
    {
        FrameHookBlock* block = (FrameHookBlock*)Volatile.Read(ref _block);
        return new FrameHookCursor(block, frame, Volatile.Read(ref *FrameHookBlock.BucketOf(block, frame, _key)), skipped);
    }

    /// <summary>Copies the live hooks, oldest first, to a block with room for as many again, and publishes it.</summary>
    private FrameHookBlock* Rebuild(FrameHookBlock* old)
    {
        int capacity = InitialCapacity;
        while (capacity < _live * 2)
            capacity *= 2;

        FrameHookBlock* block = FrameHookBlock.Allocate(capacity);
        FrameHook* hooks = FrameHookBlock.HooksOf(old);
        for (int i = 0; i < old->Used; i++)
        {
            if ((hooks[i].Flags & FrameHookFlags.Removed) == FrameHookFlags.None)
                FrameHookBlock.Insert(block, hooks[i], _key);
        }

        Volatile.Write(ref _block, (nint)block);
        _retired.Retire(old);
        return block;
    }
}
