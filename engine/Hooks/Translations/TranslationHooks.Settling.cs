using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Vcpus;

namespace Engine.Hooks.Translations;

/// <content>What was allowed is compared with memory once it has landed, and what nobody reports is looked for.</content>
internal sealed unsafe partial class TranslationHooks
{
    /// <summary>Timer ticks after which a store has landed though its vCPU has made no exit since.</summary>
    private const int SettledTicks = 2;

    /// <summary>So many times more tables are compared when something is known to differ.</summary>
    private const int BacklogFactor = 16;

    private int _comparing;
    private int _cursor;
    private bool _hasBacklog;

    /// <summary>Stores of vCPUs that are to be compared.</summary>
    private int _unsettled;

    /// <summary>At the end of an exit of a vCPU: compares what it has stored in exits before this one: see <see cref="Settle"/>. Needed as
    /// long as the constructor's <c>waits</c> says so.</summary>
    public void SettleAtExit(VcpuState* vcpu)
    {
        if (NeedsSettling(vcpu->Index) && _pending[vcpu->Index].EventId != vcpu->EventId)
            Settle(vcpu->Index);
    }

    private bool NeedsSettling(uint vcpu) => Volatile.Read(ref *(int*)&_pending[vcpu].State) == (int)PendingState.Verify;

    /// <summary>
    /// Compares the entries of a vCPU's last stores with what they are taken for; they have landed. What differs is followed and reported
    /// as observed. Called at the vCPU's next exit, or when the engine has performed the store.
    /// </summary>
    public void Settle(uint vcpu)
    {
        if (!NeedsSettling(vcpu))
            return;

        PendingStore store = default;
        _lock.Enter();
        (store, _pending[vcpu]) = (_pending[vcpu], store);
        CountUnsettled(vcpu, -1);
        _lock.Exit();

        if (SettleRange(vcpu, store.Gpa, store.Size) & SettleRange(vcpu, store.OtherGpa, store.OtherSize))
        {
            TellSettled(vcpu);
            return;
        }

        // Another store is under judgement: at the next exit.
        _lock.Enter();
        _pending[vcpu] = store;
        CountUnsettled(vcpu, 1);
        _lock.Exit();
    }

    /// <summary>
    /// Once a second: settles stores of vCPUs that make no exits, and compares some tables with what they are taken for, a few more each
    /// time, so that all have their turn. The caller holds a claim.
    /// </summary>
    /// <param name="tables">Number of tables that are compared.</param>
    /// <returns>How many were compared.</returns>
    public int Recheck(int tables)
    {
        if (Interlocked.Exchange(ref _comparing, 1) != 0)
            return 0;

        try
        {
            SettleOld();
            if (_hasBacklog)
                tables *= BacklogFactor;
            _hasBacklog = false;
            int compared = 0;
            int bound = _nodes.Bound;
            for (int i = 0; i < bound && compared < tables; i++)
            {
                _cursor = _cursor + 1 < bound ? _cursor + 1 : 0;
                if (CompareTable(_cursor))
                    compared++;
            }

            return compared;
        }
        finally
        {
            Volatile.Write(ref _comparing, 0);
        }
    }

    /// <summary>Compares the entries on the way to one watched page with what they are taken for, and follows what differs: for use where
    /// stores to page tables cannot be trapped. False: the watch has ended. The caller holds a claim.</summary>
    public bool Refresh(ulong watch, out PageTranslation translation)
    {
        for (int level = Limits.MaxPagingLevels; level > 0; level--)
        {
            if (TryFindEntry(watch, level, out ulong cookie, out ulong gpa, out int size))
                Follow(TranslationChange.NoVcpu, cookie, gpa, size);
        }

        return TryGet(watch, out translation);
    }

    private void TellSettled(uint vcpu)
    {
        foreach (ITranslationHookHandler handler in Volatile.Read(ref _handlers))
            handler.OnSettled(vcpu);
    }

    /// <summary>Remembers that a store of a vCPU to monitored entries is on its way. Under the lock.</summary>
    private void NotePending(in FrameAccess access, PendingState state)
    {
        (ulong gpa, int size) = (access.Gpa, access.Size);
        uint vcpu = Math.Min(VcpuOf(in access), _vcpuCount);
        ulong eventId = access.Vcpu != null ? access.Vcpu->EventId : 0;
        PendingStore* store = _pending + vcpu;
        if (store->State != PendingState.Verify)
        {
            *store = new PendingStore { Gpa = gpa, Size = size, State = state, EventId = eventId };
            CountUnsettled(vcpu, state == PendingState.Verify ? 1 : 0);
            return;
        }

        store->EventId = eventId;

        if (state != PendingState.Verify)
            return;

        // Several stores of one exit, or of a few exits while another one was under judgement.
        if (((gpa ^ store->Gpa) & ~PageMask) == 0)
            Widen(ref store->Gpa, ref store->Size, gpa, size);
        else if (store->OtherSize == 0 || ((gpa ^ store->OtherGpa) & ~PageMask) == 0)
            Widen(ref store->OtherGpa, ref store->OtherSize, gpa, size);
        else
            _hasBacklog = true;
    }

    private static void Widen(ref ulong start, ref int size, ulong otherStart, int otherSize)
    {
        ulong end = Math.Max(size == 0 ? 0 : start + (ulong)size, otherStart + (ulong)otherSize);
        start = size == 0 ? otherStart : Math.Min(start, otherStart);
        size = (int)(end - start);
    }

    /// <summary>Stores of other vCPUs to the same table that may not have landed yet may undo this one: they are compared. Under the
    /// lock.</summary>
    private void DisturbOthers(uint vcpu, ulong gpa)
    {
        for (uint i = 0; i <= _vcpuCount; i++)
        {
            if (i != vcpu && _pending[i].State == PendingState.InFlight && ((_pending[i].Gpa ^ gpa) & ~PageMask) == 0)
            {
                _pending[i].State = PendingState.Verify;
                CountUnsettled(i, 1);
            }
        }
    }

    /// <summary>Counts stores that are to be compared at an exit, and says when there are any. Under the lock.</summary>
    private void CountUnsettled(uint vcpu, int change)
    {
        if (vcpu == _vcpuCount || change == 0)
            return;
        _unsettled += change;
        if (_unsettled == (change > 0 ? 1 : 0))
            _waits(change > 0);
    }

    private void SettleOld()
    {
        for (uint i = 0; i <= _vcpuCount; i++)
        {
            // It stays, so that the vCPU's next exit settles it all the same.
            if (_pending[i].State != PendingState.Verify || ++_pending[i].Ticks != SettledTicks)
                continue;
            PendingStore store = _pending[i];
            if (SettleRange(i, store.Gpa, store.Size) & SettleRange(i, store.OtherGpa, store.OtherSize))
                TellSettled(i < _vcpuCount ? i : TranslationChange.NoVcpu);
            if (i == _vcpuCount)
                _pending[i] = default;
        }
    }

    private bool SettleRange(uint vcpu, ulong gpa, int size)
    {
        bool done = true;
        if (size == 0)
            return done;
        foreach (FrameHook* hook in _frames.Map.On(gpa >> 12))
        {
            if (hook->Handler == _frameHandler)
                done &= Follow(vcpu, hook->Cookie, gpa, size);
        }

        return done;
    }

    private bool Follow(uint vcpu, ulong cookie, ulong gpa, int size) =>
        size <= Limits.MaxStoreBytes ? FollowBytes(vcpu, cookie, gpa, size) : FollowTable(vcpu, cookie, gpa, size, thorough: false);

    [SkipLocalsInit]
    private bool FollowBytes(uint vcpu, ulong cookie, ulong gpa, int size)
    {
        StoreView view = StoreView.Of(_memory, gpa, size, stackalloc byte[StoreView.MaxBytes]);
        return view.Size == 0 || FollowView(vcpu, cookie, in view, thorough: false);
    }

    [SkipLocalsInit]
    private bool FollowTable(uint vcpu, ulong cookie, ulong gpa, int size, bool thorough)
    {
        StoreView view = StoreView.Of(_memory, gpa, size, stackalloc byte[(int)PageMask + 1 + StoreView.MaxBytes]);
        return view.Size == 0 || FollowView(vcpu, cookie, in view, thorough);
    }

    /// <summary>Follows entries that differ from what they are taken for, and reports them as observed. False: not now, since a store is
    /// under judgement.</summary>
    private bool FollowView(uint vcpu, ulong cookie, in StoreView view, bool thorough)
    {
        _lock.Enter();
        bool differs = Differs(FindNode(cookie), in view);
        _lock.Exit();
        return !differs || FollowChanges(vcpu, cookie, in view, thorough);
    }

    private bool Differs(TableNode* node, in StoreView view) =>
        node != null && node->IsReady && ((node->Table ^ view.Gpa) & ~PageMask) == 0 && Counts(node, node->Table, in view);

    /// <summary>The same, where it is likely that they differ.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool FollowChanges(uint vcpu, ulong cookie, in StoreView view, bool thorough)
    {
        FrameAccess access = new() { Memory = _memory };
        _lock.Enter();
        try
        {
            TableNode* node = FindNode(cookie);
            if (!Differs(node, in view))
                return true;
            if (!_transaction.TryBegin(IdentityOf(ref access), vcpu, observed: true))
                return false;
            _transaction.IsThorough = thorough;
            Collect(node, (int)cookie, node->Table, in view);
        }
        finally
        {
            _lock.Exit();
        }

        if (!TryReadTables())
            _hasBacklog = true;
        _transaction.Judged = _transaction.Changes.Count;
        Ask(ref access, 0);
        if (_frames.HasChanges)
            _frames.Commit();
        AskAgain(ref access, 0);
        End(happens: true);
        return true;
    }

    private bool CompareTable(int index)
    {
        ulong cookie, table;
        int size;
        _lock.Enter();
        try
        {
            TableNode* node = _nodes.At(index);
            if (node->Level == 0 || node->Table == TableNode.NoTable || !node->IsReady || IsUnsettled(node->Table))
                return false;
            cookie = CookieOf(index, node);
            table = node->Table;
            size = GeometryOf(node).TableSize(node->Level);
        }
        finally
        {
            _lock.Exit();
        }

        FollowTable(TranslationChange.NoVcpu, cookie, table, size, thorough: true);
        return true;
    }

    /// <summary>A store to the table was allowed and may not have landed.</summary>
    private bool IsUnsettled(ulong table)
    {
        for (uint i = 0; i <= _vcpuCount; i++)
        {
            PendingStore* store = _pending + i;
            if (store->State == PendingState.Verify && store->Ticks < SettledTicks &&
                (((store->Gpa ^ table) & ~PageMask) == 0 || (store->OtherSize != 0 && ((store->OtherGpa ^ table) & ~PageMask) == 0)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where the entry of a level is on the way to a watched page, if the way leads there.</summary>
    private bool TryFindEntry(ulong watch, int level, out ulong cookie, out ulong gpa, out int size)
    {
        cookie = gpa = 0;
        size = 0;
        _lock.Enter();
        try
        {
            if (!TryFindWatch(watch, out int index))
                return false;
            WatchedPage* page = _pages.At(_watches.At(index)->Page);
            int at = page->Node;
            while (at != None && _nodes.At(at)->Level != level)
                at = _nodes.At(at)->Parent;
            if (at == None || _nodes.At(at)->Table == TableNode.NoTable)
                return false;

            TableNode* node = _nodes.At(at);
            ref readonly PagingGeometry geometry = ref GeometryOf(node);
            size = geometry.EntrySize;
            cookie = CookieOf(at, node);
            gpa = node->Table + (ulong)(geometry.IndexOf(LinearOf(page), level) * size);
            return true;
        }
        finally
        {
            _lock.Exit();
        }
    }
}
