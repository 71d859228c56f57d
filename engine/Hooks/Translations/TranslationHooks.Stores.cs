using System;
using System.Runtime.CompilerServices;
using Engine.Abi;

namespace Engine.Hooks.Translations;

/// <content>Stores to tables: judged first, committed when their outcome is known.</content>
internal sealed unsafe partial class TranslationHooks
{
    /// <inheritdoc/>
    [SkipLocalsInit]
    IntroAction IFrameHookHandler.OnAccess(ref FrameAccess access, in FrameHook hook)
    {
        // What this vCPU stored before has landed.
        uint vcpu = VcpuOf(in access);
        if (vcpu < _vcpuCount && NeedsSettling(vcpu))
            Settle(vcpu);
        if (access.Data.IsEmpty)
            return JudgeUnknown(ref access, hook.Cookie);

        StoreView view = StoreView.After(in access, stackalloc byte[StoreView.MaxBytes]);
        if (view.Size == 0)
            return JudgeUnknown(ref access, hook.Cookie);

        _lock.Enter();
        try
        {
            TableNode* node = FindNode(hook.Cookie);
            if (node == null || !TryFindTable(node, access.Gpa, out ulong table) || !Counts(node, table, in view))
            {
                if (node != null)
                    NotePending(in access, PendingState.InFlight);
                return IntroAction.Allowed;
            }

            // While a store is under judgement, no other one may change anything: neither the tree nor a table that the first one would
            // put into it.
            if (!_transaction.TryBegin(IdentityOf(ref access), vcpu, observed: false))
                return IntroAction.Retry;
            access.WantsOutcome = true;
            _transaction.NoteBytes(in access);
            DisturbOthers(vcpu, access.Gpa);
            Collect(node, (int)hook.Cookie, table, in view);
        }
        finally
        {
            _lock.Exit();
        }

        return JudgeChanges(ref access);
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    void IFrameHookHandler.OnOutcome(ref FrameAccess access, in FrameHook hook, IntroAction final)
    {
        bool happens = final is IntroAction.Allowed or IntroAction.AllowedVirtual;
        if (_transaction.Owner == IdentityOf(ref access))
            End(happens);
        if (!happens)
            return;

        _lock.Enter();
        try
        {
            // Pages that were added while it was judged, or entries that another store has changed since: compared when it has landed.
            NotePending(in access, PendingState.Verify);
        }
        finally
        {
            _lock.Exit();
        }
    }

    private static nint IdentityOf(ref FrameAccess access) => (nint)Unsafe.AsPointer(ref access);

    private static uint VcpuOf(in FrameAccess access) => access.Vcpu != null ? access.Vcpu->Index : TranslationChange.NoVcpu;

    /// <summary>Which of a node's tables an address lies in.</summary>
    private static bool TryFindTable(TableNode* node, ulong gpa, out ulong table)
    {
        table = node->Table;
        if (((table ^ gpa) & ~PageMask) == 0)
            return true;
        table = node->Incoming;
        return ((table ^ gpa) & ~PageMask) == 0;
    }

    /// <summary>Whether a store changes an entry in what counts, from what it is taken for.</summary>
    private bool Counts(TableNode* node, ulong table, in StoreView view)
    {
        ulong counted = GeometryOf(node).CountedBitsOf(node->Level);
        int size = GeometryOf(node).EntrySize;
        for (int i = FirstPosition(node, table, in view, out int last); i < node->SlotCount && node->Slots[i].Index <= last; i++)
        {
            ulong entry = view.EntryAt(table + ((ulong)node->Slots[i].Index * (uint)size), size);
            ulong known = KnownEntry(node, i, out bool isKnown);
            if (((entry ^ known) & counted) != 0 || !isKnown || table != node->Table)
                return true;
        }

        return false;
    }

    /// <summary>The slots that a view covers: from a position on, to the last entry.</summary>
    private int FirstPosition(TableNode* node, ulong table, in StoreView view, out int last)
    {
        int size = GeometryOf(node).EntrySize;
        long offset = (long)(view.Gpa - table);
        last = (int)((offset + view.Size - 1) / size);
        return TableNode.PositionOf(node, (int)Math.Max(offset / size, 0));
    }

    /// <summary>Collects what the entries that a view covers change. Under the lock.</summary>
    private void Collect(TableNode* node, int index, ulong table, in StoreView view)
    {
        ulong counted = GeometryOf(node).CountedBitsOf(node->Level);
        int size = GeometryOf(node).EntrySize;
        int first = FirstPosition(node, table, in view, out int last);
        TranslationFlags above = node->Above;
        if (node->Transaction == _transaction.Serial)
        {
            // The same store moves this node: its entries count where it goes to, not where it leaves.
            TableMove move = _transaction.Moves[node->Move];
            if (move.Table != table)
                return;
            above = move.Above;
        }

        _transaction.Node = new RecordKey(index, node->Generation);
        _transaction.FirstEntry = first < node->SlotCount ? node->Slots[first].Index : int.MaxValue;
        _transaction.LastEntry = last;
        for (int i = first; i < node->SlotCount && node->Slots[i].Index <= last; i++)
        {
            ulong entry = view.EntryAt(table + ((ulong)node->Slots[i].Index * (uint)size), size);
            ulong known = KnownEntry(node, i, out bool isKnown);
            if (((entry ^ known) & counted) != 0 || !isKnown || table != node->Table)
                CollectEntry(node, i, entry, above);
        }
    }

    /// <summary>Judges what was collected: hooks and reads new tables, asks the handlers, lets their hooks take effect, and asks once
    /// more.</summary>
    private IntroAction JudgeChanges(ref FrameAccess access)
    {
        int first = _transaction.Judged;
        if (!TryReadTables())
            return AskUnknown(ref access, FindFailClosed());

        if (_transaction.HasVoid)
            TellVoid(first);
        _transaction.Judged = _transaction.Changes.Count;
        IntroAction action = Ask(ref access, first);
        if (action != IntroAction.Allowed)
            return action;
        if (_frames.HasChanges && !_frames.Commit().IsSuccess())
            return IntroAction.Retry;
        return AskAgain(ref access, first);
    }

    /// <summary>A store whose bytes are not known, or are only in part: whether it may happen is up to the watches that fail closed;
    /// afterwards, entries are compared.</summary>
    private IntroAction JudgeUnknown(ref FrameAccess access, ulong cookie)
    {
        ulong watch;
        _lock.Enter();
        try
        {
            TableNode* node = FindNode(cookie);
            if (node == null || !TryFindTable(node, access.Gpa, out ulong table))
                return IntroAction.Allowed;

            int size = GeometryOf(node).EntrySize;
            long offset = (long)(access.Gpa - table);
            int last = (int)((offset + access.Size - 1) / size);
            int position = TableNode.PositionOf(node, (int)Math.Max(offset / size, 0));
            if (position == node->SlotCount || node->Slots[position].Index > last)
                return IntroAction.Allowed;
            access.WantsOutcome = true;
            watch = FindFailClosed(node, position, last);
        }
        finally
        {
            _lock.Exit();
        }

        return AskUnknown(ref access, watch);
    }

    private ulong FindFailClosed()
    {
        _lock.Enter();
        try
        {
            TableNode* node = _nodes.At(_transaction.Node.Index);
            return node->Generation != _transaction.Node.Generation ? 0
                : FindFailClosed(node, TableNode.PositionOf(node, _transaction.FirstEntry), _transaction.LastEntry);
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>A watch below some entries that is to fail closed; 0: there is none.</summary>
    private ulong FindFailClosed(TableNode* node, int position, int last)
    {
        for (; position < node->SlotCount && node->Slots[position].Index <= last; position++)
        {
            int below = node->Slots[position].Below;
            if (node->Level != 1)
            {
                if (_nodes.At(below)->FailClosed != 0)
                    return FindFailClosed(_nodes.At(below), 0, int.MaxValue);
                continue;
            }

            for (int i = _pages.At(below)->FirstWatch; i != None; i = _watches.At(i)->Next)
            {
                if ((_watches.At(i)->Flags & TranslationWatchFlags.FailClosed) != TranslationWatchFlags.None)
                    return ((ulong)_watches.At(i)->Generation << 32) | (uint)i;
            }
        }

        return 0;
    }
}
