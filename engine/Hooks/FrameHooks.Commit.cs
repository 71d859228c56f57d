using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;

namespace Engine.Hooks;

/// <content>The hypervisor's rights.</content>
internal sealed unsafe partial class FrameHooks
{
    private bool _registered;
    private int _committing;

    /// <summary>Whether there is something to commit that nobody has begun to.</summary>
    public bool HasChanges
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _chores.Has(ExitChore.CommitRights);
    }

    /// <summary>
    /// Brings the hypervisor's rights and its registered handler in step with the hooks, with one flush. When it returns, what this
    /// thread has changed before is in force. Returns the first error; the others are tried all the same. No right is withdrawn while
    /// nobody would be told of violations.
    /// </summary>
    /// <returns><see cref="IntStatus.Busy"/>: another thread is at it, takes these changes along, and did not get through in time; it
    /// may be waiting for a lock of the glue that this thread holds.</returns>
    public IntStatus Commit()
    {
        SpinWait spinner = default;
        for (int polls = 0; Volatile.Read(ref _committing) != 0 || HasChanges; polls++)
        {
            if (Interlocked.CompareExchange(ref _committing, 1, 0) == 0)
                return CommitAndRelease();
            if (polls == Limits.CommitPolls)
                return IntStatus.Busy;

            // No sleep of 1 ms: the thread may hold the glue's lock.
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        return IntStatus.Success;
    }

    /// <summary>The same at the end of an exit, which does not wait: what another thread is committing becomes true soon.</summary>
    public IntStatus CommitAtExit() =>
        Interlocked.CompareExchange(ref _committing, 1, 0) == 0 ? CommitAndRelease() : IntStatus.Success;

    private IntStatus CommitAndRelease()
    {
        try
        {
            return CommitChanges();
        }
        finally
        {
            Volatile.Write(ref _committing, 0);
        }
    }

    private IntStatus CommitChanges()
    {
        IntStatus result = RegisterIfNeeded();
        if (!result.IsSuccess())
            return result;

        // Others may add changes all the time; what was there at the start is taken in any case.
        int rest = Limits.MaxFramesPerCommit;
        lock (_writer)
            rest = Math.Max(rest, _changed.Count);
        bool any = false;
        while (rest-- > 0 && TryTake(out ulong frame))
        {
            any = true;
            EptAccess hooked = HookedAccess(frame * PageSize);
            KeepFirstError(ref result, _hypervisor.SetRights(
                frame * PageSize,
                read: (hooked & EptAccess.Read) == EptAccess.None,
                write: (hooked & EptAccess.Write) == EptAccess.None,
                execute: (hooked & EptAccess.Execute) == EptAccess.None));
        }

        if (any)
            KeepFirstError(ref result, _hypervisor.FlushRights());
        KeepFirstError(ref result, UnregisterIfUnused());
        return result;
    }

    private bool TryTake(out ulong frame)
    {
        lock (_writer)
        {
            bool taken = _changed.TryDequeue(out frame);
            if (_changed.Count == 0)
                _chores.Set(ExitChore.CommitRights, false);
            return taken;
        }
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
