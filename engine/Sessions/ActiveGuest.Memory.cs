using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Memory;

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

    /// <summary>
    /// IntTranslateLinear: translates by tables and a mode that are said. With what is remembered for the vCPU, if that is free;
    /// <see cref="PagingContext.NoVcpu"/>, and a vCPU that is in an exit, do without. <see cref="IntStatus.InvalidParameter2"/>: no such
    /// vCPU; or the address is not canonical.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IntStatus Translate(uint vcpu, PagingMode mode, ulong cr3, ulong linear, out ulong physical)
    {
        if (vcpu >= _vcpuCount || !_claims.TryClaim(&_blocks[vcpu].Claim))
            return TranslateApart(vcpu, mode, cr3, linear, out physical);

        // No guarded region: nothing in here can fail.
        PagingContext paging = PagingContext.Of(mode, cr3, vcpu);
        if (_closing || !_memory.TranslationsOf(vcpu)!.TryFind(_memory, in paging, linear, out physical))
            return TranslateClaimed(in paging, linear, out physical);

        ClaimTable.Release(&_blocks[vcpu].Claim);
        return IntStatus.Success;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntStatus TranslateClaimed(in PagingContext paging, ulong linear, out ulong physical)
    {
        physical = 0;
        try
        {
            if (_closing)
                return IntStatus.NotInitialized;
            IntStatus status = PageWalk.TranslateSlowly(
                _memory, in paging, linear, _memory.TranslationsOf(paging.Vcpu), out physical, out _);
            if (_chores.Has(ExitChore.UnmapPages))
                _retiredMappings!.Collect();
            return status;
        }
        finally
        {
            ClaimTable.Release(&_blocks[paging.Vcpu].Claim);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntStatus TranslateApart(uint vcpu, PagingMode mode, ulong cr3, ulong linear, out ulong physical)
    {
        physical = 0;
        if (vcpu >= _vcpuCount && vcpu != PagingContext.NoVcpu)
            return IntStatus.InvalidParameter2;
        IntStatus status = TryEnterExternal(out ulong* cell);
        if (!status.IsSuccess())
            return status;

        try
        {
            PagingContext paging = PagingContext.Of(mode, cr3);
            return PageWalk.Translate(_memory, in paging, linear, out physical);
        }
        finally
        {
            ClaimTable.Release(cell);
        }
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

    /// <summary>Claims a cell for a thread without a vCPU. Anything but success means that nothing was claimed; <paramref name="closed"/>:
    /// the guest is being let go.</summary>
    private IntStatus TryEnterExternal(out ulong* cell, IntStatus closed = IntStatus.NotInitialized)
    {
        cell = _claims.TryClaimExternal();
        if (cell == null)
            return IntStatus.Busy;
        if (!_closing)
            return IntStatus.Success;

        ClaimTable.Release(cell);
        return closed;
    }
}
