using System;
using System.Runtime.CompilerServices;
using Engine.Abi;

namespace Engine.Hooks.Translations;

/// <content>What a store changes: pages, and nodes that move to other tables.</content>
internal sealed unsafe partial class TranslationHooks
{
    private readonly byte[] _table = GC.AllocateArray<byte>((int)PageMask + 1, pinned: true);

    /// <summary>Collects what an entry changes. Under the lock.</summary>
    private void CollectEntry(TableNode* node, int position, ulong entry, TranslationFlags above)
    {
        EntryKind kind = GeometryOf(node).Decode(entry, node->Level, _memory.ReservedAddressBits, out ulong address);
        int below = node->Slots[position].Below;
        if (node->Level == 1)
            CollectPage(below, kind, entry, 1, address, above);
        else
            CollectBelow(below, kind, entry, node->Level, address, above);
    }

    /// <summary>Collects what an entry above a node changes: an entry of the level above, or one further up that ends the walk.
    /// </summary>
    private void CollectBelow(int index, EntryKind kind, ulong entry, int level, ulong address, TranslationFlags above)
    {
        if (!Visit())
            return;

        TableNode* node = _nodes.At(index);
        if (kind == EntryKind.Table)
        {
            TranslationFlags rights = GeometryOf(node).Combine(above, entry, level);
            bool wasMoved = node->Transaction == _transaction.Serial;
            bool isRead = address != node->Table && node->Incoming == address && _transaction.Moves[node->Move].Above != rights;
            AddMove(index, address, entry, rights);
            SetIncoming(index, address == node->Table ? TableNode.NoTable : address);

            // Another entry of the same store has led here already, with other rights, and what is below may have been read with those.
            if (isRead)
                AddUnread(node);

            // What is below changes with the rights alone, or back, where the same store has led elsewhere by another of its entries.
            // Entries that have not been seen are read by whoever is setting their watches.
            if (address == node->Table && (wasMoved || rights != node->Above))
                CollectSlots(node, rights);
            return;
        }

        AddMove(index, TableNode.NoTable, entry, above);
        SetIncoming(index, TableNode.NoTable);
        for (int i = 0; i < node->SlotCount && !_transaction.IsIncomplete; i++)
        {
            if (node->Level == 1)
                CollectPage(node->Slots[i].Below, kind, entry, level, address, above);
            else
                CollectBelow(node->Slots[i].Below, kind, entry, level, address, above);
        }
    }

    /// <summary>The rights from above change, the entries of the table do not.</summary>
    private void CollectSlots(TableNode* node, TranslationFlags above)
    {
        int size = GeometryOf(node).EntrySize;
        for (int i = 0; i < node->SlotCount && !_transaction.IsIncomplete; i++)
        {
            ulong entry = KnownEntry(node, i, out bool isKnown);
            if (!isKnown)
                continue;

            // But for those that the same store writes to.
            _transaction.Overlay(node->Table + (ulong)(node->Slots[i].Index * size), new Span<byte>(&entry, size));
            CollectEntry(node, i, entry, above);
        }
    }

    private void CollectPage(int index, EntryKind kind, ulong entry, int level, ulong address, TranslationFlags above)
    {
        if (!Visit())
            return;

        WatchedPage* page = _pages.At(index);
        PageTranslation next = TranslationOf(page, kind, entry, level, address, above);
        if (page->Transaction == _transaction.Serial)
        {
            ReplaceChange(index, in next);
            return;
        }

        if (page->IsKnown && IsSame(page, in page->Current, in next))
            return;
        if (_transaction.Changes.Count == Limits.MaxTranslationChanges)
        {
            _transaction.IsIncomplete = true;
            return;
        }

        page->Transaction = _transaction.Serial;
        _transaction.Changes.Add(new PageChange { Page = new RecordKey(index, page->Generation), New = next });
    }

    /// <summary>The watchers need not know: neither in what they look at, nor in what tells a store that counts.</summary>
    private bool IsSame(WatchedPage* page, in PageTranslation one, in PageTranslation other) =>
        one.IsSameAs(in other, withNoExecute: true) &&
        ((one.Entry ^ other.Entry) & GeometryOf(_nodes.At(page->Node)).CountedBitsOf(2)) == 0;

    /// <summary>The same store changes a page a second time: an entry of it, and one above, say.</summary>
    private void ReplaceChange(int index, in PageTranslation next)
    {
        int i = _transaction.Changes.Count - 1;
        while (_transaction.Changes[i].Page.Index != index || _transaction.Changes[i].IsVoid)
            i--;
        ref PageChange change = ref _transaction.Changes[i];
        if (i >= _transaction.Judged)
        {
            change.New = next;
        }
        else if (!IsSame(_pages.At(index), in change.New, in next))
        {
            change.IsVoid = true;
            _transaction.HasVoid = true;
            _transaction.Changes.Add(new PageChange { Page = change.Page, New = next });
        }
    }

    private bool Visit()
    {
        if (_transaction.Visited++ < Limits.MaxTranslationVisits || _transaction.IsThorough)
            return true;
        _transaction.IsIncomplete = true;
        return false;
    }

    private void AddMove(int index, ulong table, ulong entry, TranslationFlags above)
    {
        TableNode* node = _nodes.At(index);
        TableMove move = new()
        {
            Node = new RecordKey(index, node->Generation), Table = table, Entry = entry, Above = above,
        };
        if (node->Transaction == _transaction.Serial)
        {
            _transaction.Moves[node->Move] = move;
            return;
        }

        node->Transaction = _transaction.Serial;
        node->Move = _transaction.Moves.Count;
        _transaction.Moves.Add(move);
    }

    /// <summary>Hooks the table that a node would move to, if to another one; it is read when the hook is in force.</summary>
    private void SetIncoming(int index, ulong table)
    {
        TableNode* node = _nodes.At(index);
        if (node->Incoming == table)
            return;

        Unhook(index, node->Incoming);
        node->Incoming = table;
        if (table == TableNode.NoTable)
            return;
        if (TryHook(index, table))
            AddUnread(node);
        else
            _transaction.IsIncomplete = true;
    }

    private void AddUnread(TableNode* node)
    {
        if (_transaction.Unread.Count == Limits.MaxTablesPerChange)
            _transaction.IsIncomplete = true;
        else
            _transaction.Unread.Add(node->Move);
    }

    /// <summary>Reads the tables that were hooked, those below them, and so on. False: something cannot be had, or it is too much.
    /// </summary>
    private bool TryReadTables()
    {
        int done = 0;
        while (done < _transaction.Unread.Count && !_transaction.IsIncomplete)
        {
            if (!_frames.Commit().IsSuccess())
                _transaction.IsIncomplete = true;

            // What is added meanwhile is hooked, but not in force.
            for (int end = _transaction.Unread.Count; done < end && !_transaction.IsIncomplete; done++)
                ReadTable(_transaction.Moves[_transaction.Unread[done]]);
        }

        _transaction.Unread.Clear();
        return !_transaction.IsIncomplete;
    }

    private void ReadTable(TableMove move)
    {
        if (move.Table == TableNode.NoTable)
            return;

        // A table that is not in memory leads nowhere, as for the processor.
        int got = _memory.Read(move.Table, _table);
        _table.AsSpan(got).Clear();

        // A store may lead to the very table that it goes to.
        _transaction.Overlay(move.Table, _table);

        _lock.Enter();
        try
        {
            TableNode* node = _nodes.At(move.Node.Index);
            if (node->Generation != move.Node.Generation || node->Incoming != move.Table)
                return;
            int size = GeometryOf(node).EntrySize;
            for (int i = 0; i < node->SlotCount && !_transaction.IsIncomplete; i++)
            {
                int offset = node->Slots[i].Index * size;
                ulong entry = size == sizeof(uint)
                    ? Unsafe.ReadUnaligned<uint>(ref _table[offset])
                    : Unsafe.ReadUnaligned<ulong>(ref _table[offset]);
                CollectEntry(node, i, entry, move.Above);
            }
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Ends the transaction: what it changes becomes true, and the handlers are told; or it is dropped.</summary>
    private void End(bool happens)
    {
        _lock.Enter();
        try
        {
            bool isComplete = !_transaction.IsIncomplete;
            for (int i = 0; i < _transaction.Moves.Count; i++)
                EndMove(in _transaction.Moves[i], happens && isComplete);

            // Of a store that was too much, nothing is done here; what is found afterwards is done a part at a time.
            happens = happens && (isComplete || _transaction.IsObserved);
            for (int i = 0; i < _transaction.Changes.Count; i++)
                EndChange(ref _transaction.Changes[i], happens);
        }
        finally
        {
            _lock.Exit();
        }

        // The transaction goes on until all have been told: its lists are theirs.
        Tell(happens);
        _lock.Enter();
        _transaction.End();
        _lock.Exit();
    }

    private void EndMove(in TableMove move, bool happens)
    {
        TableNode* node = _nodes.At(move.Node.Index);
        if (node->Generation != move.Node.Generation)
            return;

        ulong incoming = node->Incoming;
        node->Incoming = TableNode.NoTable;
        node->Transaction = 0;
        if (!happens)
        {
            Unhook(move.Node.Index, incoming);
            return;
        }

        node->Entry = move.Entry;
        node->Above = move.Above;
        node->IsKnown = true;
        if (node->Table == move.Table)
            return;

        if (node->IsHooked)
            Unhook(move.Node.Index, node->Table);
        node->Table = move.Table;
        node->IsHooked = node->IsReady = move.Table != TableNode.NoTable;
    }

    private void EndChange(ref PageChange change, bool happens)
    {
        WatchedPage* page = _pages.At(change.Page.Index);
        if (page->Generation != change.Page.Generation)
            return;

        page->Transaction = 0;
        if (happens && !change.IsVoid)
        {
            change.Old = page->Current;
            change.IsMade = true;
            page->Current = change.New;
            page->IsKnown = true;
        }
    }
}
