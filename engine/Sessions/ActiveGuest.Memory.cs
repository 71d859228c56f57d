using Engine.Abi;
using Engine.Concurrency;

namespace Engine.Sessions;

/// <content>Memory, for threads without a vCPU.</content>
internal sealed unsafe partial class ActiveGuest
{
    /// <summary>
    /// IntFlushGuestMemory: unmaps what is kept of [first, last]. <see cref="IntStatus.NotNeededHint"/>: this guest's memory is not
    /// mapped; <see cref="IntStatus.Busy"/>: nothing new is read through those mappings, but an exit may still use one.
    /// </summary>
    public IntStatus FlushMappings(ulong first, ulong last)
    {
        // The list of what waits may be too short for all at once.
        for (int done = 0; done <= Limits.MaxMappedPages; done += Limits.MaxRetiredMappings)
        {
            IntStatus status = TryEnterExternal(out ulong* cell);
            if (!status.IsSuccess())
                return status;
            bool all;
            try
            {
                if (_memory.Mapped is not { } mapped)
                    return IntStatus.NotNeededHint;
                all = mapped.TryForget(first, last);
            }
            finally
            {
                ClaimTable.Release(cell);
            }

            if (!Quiesce() || !TryUnmapRetired())
                return IntStatus.Busy;
            if (all)
                return IntStatus.Success;
        }

        return IntStatus.Busy;
    }

    /// <summary>Unmaps what nobody can use any more. False: something is left, or on its way on another thread.</summary>
    private bool TryUnmapRetired()
    {
        if (!TryEnterExternal(out ulong* cell).IsSuccess())
            return false;

        try
        {
            for (int i = 0; i < Limits.MaxRetiredMappings && !_retiredMappings!.IsEmpty; i++)
                _retiredMappings.Collect();
            return _retiredMappings!.IsDone;
        }
        finally
        {
            ClaimTable.Release(cell);
        }
    }

    /// <summary>Claims a cell for a thread without a vCPU. Anything but success means that nothing was claimed.</summary>
    private IntStatus TryEnterExternal(out ulong* cell)
    {
        cell = _claims.TryClaimExternal();
        if (cell == null)
            return IntStatus.Busy;
        if (!_closing)
            return IntStatus.Success;

        ClaimTable.Release(cell);
        return IntStatus.NotInitialized;
    }
}
