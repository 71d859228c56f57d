using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hosting;

namespace Engine.Hooks;

/// <summary>
/// Sets and removes frame hooks and keeps the hypervisor's rights in step: a right is withdrawn with the first hook of its kind
/// on a frame and comes back with the last. Changes are collected and committed with one flush, in an exit before it returns.
/// </summary>
/// <remarks>Thread safety: all members from any thread, also from inside handlers. The lock guards the table alone and is never held
/// across a call into the glue. One thread at a time commits, and takes the changes of all others along; rights are computed anew
/// after each call into the glue, so that a hook that comes or goes meanwhile counts.</remarks>
internal sealed unsafe partial class FrameHooks : IDisposable
{
    private const ulong PageSize = 4096;

    private readonly Hypervisor _hypervisor;
    private readonly nint _eptHandler;
    private readonly Lock _writer = new();
    private readonly List<IFrameHookHandler> _handlers = [];
    private readonly NativeQueue<ulong> _changed = new();
    private readonly ExitChores _chores;
    private IFrameHookHandler[] _published = [];

    public FrameHooks(Hypervisor hypervisor, RetireList retired, nint eptHandler)
    {
        _hypervisor = hypervisor;
        _eptHandler = eptHandler;
        _chores = retired.Claims.Chores;
        Map = new FrameHookMap(retired);
    }

    /// <summary>The table, for the exits.</summary>
    public FrameHookMap Map { get; }

    /// <summary>Makes a handler known; its index goes into its hooks.</summary>
    public ushort AddHandler(IFrameHookHandler handler)
    {
        lock (_writer)
        {
            _handlers.Add(handler);
            Volatile.Write(ref _published, [.. _handlers]);
            return (ushort)(_handlers.Count - 1);
        }
    }

    /// <summary>The handler of a hook.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IFrameHookHandler HandlerOf(in FrameHook hook) => Volatile.Read(ref _published)[hook.Handler];

    /// <summary>Hooks [gpa, gpa + length), within one frame, for one kind of access. Takes effect with <see cref="Commit"/>; an error
    /// changes nothing. <see cref="IntStatus.NotSupported"/>: it crosses a page; <see cref="IntStatus.InvalidParameter3"/>: not one
    /// kind; <see cref="IntStatus.InsufficientResources"/>: a limit is reached.</summary>
    public IntStatus Set(
        ulong gpa, int length, EptAccess access, ushort handler, ulong cookie, FrameHookFlags flags = FrameHookFlags.None)
    {
        int start = (int)(gpa & (PageSize - 1));
        if (length <= 0 || length > (int)PageSize - start)
            return IntStatus.NotSupported;
        if (access is not (EptAccess.Read or EptAccess.Write or EptAccess.Execute))
            return IntStatus.InvalidParameter3;

        ulong frame = gpa / PageSize;
        lock (_writer)
        {
            EptAccess before = Map.HookedAccess(frame);
            IntStatus status = Map.Add(frame, start, start + length, access, handler, cookie, flags & FrameHookFlags.OfCaller);
            if (status.IsSuccess())
                NoteChange(frame, before);
            return status;
        }
    }

    /// <summary>Removes what a handler has set on a frame with a cookie; returns how many hooks. Rights come back with
    /// <see cref="Commit"/>.</summary>
    public int Remove(ulong gpa, ushort handler, ulong cookie)
    {
        ulong frame = gpa / PageSize;
        lock (_writer)
        {
            EptAccess before = Map.HookedAccess(frame);
            int removed = Map.Remove(frame, handler, cookie);
            NoteChange(frame, before);
            return removed;
        }
    }

    /// <summary>Removes one of the hooks that <see cref="Set"/> has set with the same arguments; others like it stay. False: there is none.
    /// </summary>
    public bool RemoveOne(ulong gpa, int length, EptAccess access, ushort handler, ulong cookie)
    {
        ulong frame = gpa / PageSize;
        int start = (int)(gpa & (PageSize - 1));
        lock (_writer)
        {
            EptAccess before = Map.HookedAccess(frame);
            bool removed = Map.RemoveOne(frame, start, start + length, access, handler, cookie);
            NoteChange(frame, before);
            return removed;
        }
    }

    /// <summary>Removes one hook on the frame of an address that an exit is visiting: the exit's claim keeps it alive.</summary>
    public void Remove(ulong gpa, FrameHook* hook)
    {
        ulong frame = gpa / PageSize;
        lock (_writer)
        {
            EptAccess before = Map.HookedAccess(frame);
            Map.Remove(hook);
            NoteChange(frame, before);
        }
    }

    /// <summary>Lets the hooks of a handler on a frame with a cookie be skipped, or asked again; rights do not change. Returns how many.
    /// </summary>
    public int SetDisabled(ulong gpa, ushort handler, ulong cookie, bool disabled)
    {
        lock (_writer)
            return Map.SetDisabled(gpa / PageSize, handler, cookie, disabled);
    }

    /// <summary>Kinds of access that are hooked on the frame of an address, by disabled hooks, too: the rights that it has not.</summary>
    public EptAccess HookedAccess(ulong gpa)
    {
        // Under the lock, since only a writer replaces the table: this thread may hold no claim.
        lock (_writer)
            return Map.HookedAccess(gpa / PageSize);
    }

    /// <summary>Frees the table. Only when nobody is left inside the guest.</summary>
    public void Dispose()
    {
        Map.Dispose();
        _changed.Dispose();
    }

    /// <summary>Queues a frame if other rights are wanted for it than before. Under the lock.</summary>
    private void NoteChange(ulong frame, EptAccess before)
    {
        if (Map.HookedAccess(frame) == before)
            return;
        _changed.Enqueue(frame);
        _chores.Set(ExitChore.CommitRights, true);
    }
}
