using System;
using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hosting;

namespace Engine.Hooks;

/// <summary>
/// Sets and removes frame hooks and keeps the hypervisor's rights in step: a right is withdrawn with the first hook of its kind
/// on a frame and comes back with the last. Changes are collected and committed with one flush.
/// </summary>
/// <remarks>Thread safety: Set and Remove from any thread, Commit by one at a time. The lock guards the table alone and is never held
/// across a call into the glue; rights are computed anew after each such call, so that a hook that comes or goes meanwhile
/// counts.</remarks>
internal sealed class FrameHooks : IDisposable
{
    private const ulong PageSize = 4096;

    private readonly Hypervisor _hypervisor;
    private readonly nint _eptHandler;
    private readonly Lock _writer = new();
    private readonly List<IFrameHookHandler> _handlers = [];
    private readonly Queue<ulong> _changed = new();
    private IFrameHookHandler[] _published = [];
    private bool _registered;

    public FrameHooks(Hypervisor hypervisor, RetireList retired, nint eptHandler)
    {
        _hypervisor = hypervisor;
        _eptHandler = eptHandler;
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
    public IFrameHookHandler HandlerOf(in FrameHook hook) => Volatile.Read(ref _published)[hook.Handler];

    /// <summary>Hooks [gpa, gpa + length), within one frame. Takes effect with <see cref="Commit"/>.</summary>
    public IntStatus Set(ulong gpa, int length, EptAccess access, ushort handler, ulong cookie)
    {
        int start = (int)(gpa & (PageSize - 1));
        if (length <= 0 || length > (int)PageSize - start)
            return IntStatus.NotSupported;

        lock (_writer)
        {
            IntStatus status = Map.Add(gpa / PageSize, start, start + length, access, handler, cookie);
            if (status.IsSuccess())
                _changed.Enqueue(gpa / PageSize);
            return status;
        }
    }

    /// <summary>Removes what a handler has set on a frame with a cookie. Rights come back with <see cref="Commit"/>.</summary>
    public void Remove(ulong gpa, ushort handler, ulong cookie)
    {
        lock (_writer)
        {
            if (Map.Remove(gpa / PageSize, handler, cookie) != 0)
                _changed.Enqueue(gpa / PageSize);
        }
    }

    /// <summary>Brings the hypervisor's rights and its registered handler in step with the hooks, with one flush. Returns the
    /// first error; the others are tried all the same. No right is withdrawn while nobody would be told of violations.</summary>
    public IntStatus Commit()
    {
        IntStatus result = RegisterIfNeeded();
        if (!result.IsSuccess())
            return result;

        bool any = false;
        while (TryTake(out ulong frame))
        {
            any = true;
            EptAccess wanted = HookedAccess(frame);
            EptAccess set;
            do
            {
                set = wanted;
                KeepFirstError(ref result, _hypervisor.SetRights(
                    frame * PageSize,
                    read: (set & EptAccess.Read) == EptAccess.None,
                    write: (set & EptAccess.Write) == EptAccess.None,
                    execute: (set & EptAccess.Execute) == EptAccess.None));
                wanted = HookedAccess(frame);
            }
            while (wanted != set);
        }

        if (any)
            KeepFirstError(ref result, _hypervisor.FlushRights());
        KeepFirstError(ref result, UnregisterIfUnused());
        return result;
    }

    /// <summary>Frees the table. Only when nobody is left inside the guest.</summary>
    public void Dispose() => Map.Dispose();

    private bool TryTake(out ulong frame)
    {
        lock (_writer)
            return _changed.TryDequeue(out frame);
    }

    private EptAccess HookedAccess(ulong frame)
    {
        // Under the lock, since only a writer replaces the table: this thread may hold no claim.
        lock (_writer)
            return Map.HookedAccess(frame);
    }

    private IntStatus RegisterIfNeeded()
    {
        lock (_writer)
        {
            if (_registered || Map.Count == 0)
                return IntStatus.Success;
            _registered = true;
        }

        IntStatus status = _hypervisor.RegisterEptHandler(_eptHandler);
        if (!status.IsSuccess())
        {
            lock (_writer)
                _registered = false;
        }

        return status;
    }

    private IntStatus UnregisterIfUnused()
    {
        lock (_writer)
        {
            if (!_registered || Map.Count != 0)
                return IntStatus.Success;
            _registered = false;
        }

        return _hypervisor.UnregisterEptHandler();
    }

    private static void KeepFirstError(ref IntStatus result, IntStatus status)
    {
        if (result.IsSuccess() && !status.IsSuccess())
            result = status;
    }
}
