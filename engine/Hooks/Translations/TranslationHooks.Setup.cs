using Engine.Abi;

namespace Engine.Hooks.Translations;

/// <content>Setting a watch: each table of its way is hooked before its entry is read.</content>
internal sealed unsafe partial class TranslationHooks
{
    /// <summary>Pages that were added so far: a store under judgement may have to look again.</summary>
    private uint _pagesAdded;

    /// <summary>
    /// Goes down from the root to the page: hooks each table that holds the next entry, lets the hook take effect, reads the entry, and so
    /// on to where the translation ends. What is known already is not read again, since no change of it can have been missed.
    /// </summary>
    private IntStatus MakeReady(RecordKey page)
    {
        // Two steps a level, and some for what other vCPUs change on the way.
        for (int steps = 0; steps < Limits.MaxSetupSteps; steps++)
        {
            SetupStep step;
            _lock.Enter();
            try
            {
                step = NextStep(page);
            }
            finally
            {
                _lock.Exit();
            }

            switch (step.Kind)
            {
                case SetupStepKind.Done:
                    return IntStatus.Success;
                case SetupStepKind.NoRoom:
                    return IntStatus.InsufficientResources;
                case SetupStepKind.Commit:
                    IntStatus status = _frames.Commit();
                    if (!status.IsSuccess())
                        return status;
                    SetReady(in step);
                    break;
                default:
                    ReadEntry(in step);
                    break;
            }
        }

        return IntStatus.Busy;
    }

    private SetupStep NextStep(RecordKey key)
    {
        WatchedPage* page = _pages.At(key.Index);
        if (page->Generation != key.Generation || page->IsKnown)
            return new SetupStep { Kind = SetupStepKind.Done };

        ulong linear = LinearOf(page);
        int at = _spaces.At(_nodes.At(page->Node)->Space)->RootNode;
        while (true)
        {
            TableNode* node = _nodes.At(at);
            ref readonly PagingGeometry geometry = ref GeometryOf(node);
            int entry = geometry.IndexOf(linear, node->Level);
            int position = TableNode.PositionOf(node, entry);
            if (node->Table == TableNode.NoTable)
            {
                // The entry above is absent, or a large page: that decides.
                EntryKind kind = geometry.Decode(node->Entry, node->Level + 1, _memory.ReservedAddressBits, out ulong address);
                SetFirstPages(node->Level, node->Slots[position].Below, kind, node->Entry, node->Level + 1, address, node->Above);
                return new SetupStep { Kind = SetupStepKind.Done };
            }

            if (!TryWiden(at, entry) || (!node->IsHooked && !TryHook(at, node->Table)))
                return new SetupStep { Kind = SetupStepKind.NoRoom };
            node->IsHooked = true;

            SetupStep step = new()
            {
                Node = new RecordKey(at, node->Generation), Table = node->Table, Index = entry,
                Kind = node->IsReady ? SetupStepKind.Read : SetupStepKind.Commit,
            };
            _ = KnownEntry(node, position, out bool isKnown);
            if (!node->IsReady || !isKnown)
                return step;
            if (node->Level == 1)
                return new SetupStep { Kind = SetupStepKind.Done };
            at = node->Slots[position].Below;
        }
    }

    private void SetReady(in SetupStep step)
    {
        _lock.Enter();
        try
        {
            TableNode* node = _nodes.At(step.Node.Index);
            if (node->Generation == step.Node.Generation && node->Table == step.Table)
                node->IsReady = true;
        }
        finally
        {
            _lock.Exit();
        }
    }

    private void ReadEntry(in SetupStep step)
    {
        int size;
        _lock.Enter();
        try
        {
            size = _nodes.At(step.Node.Index)->Generation == step.Node.Generation
                ? GeometryOf(_nodes.At(step.Node.Index)).EntrySize
                : 0;
        }
        finally
        {
            _lock.Exit();
        }

        // Not in memory: it leads nowhere, as for the processor.
        ulong entry = 0;
        if (size == sizeof(ulong))
            _memory.TryRead(step.Table + ((ulong)step.Index * sizeof(ulong)), out entry);
        else if (size == sizeof(uint) && _memory.TryRead(step.Table + ((ulong)step.Index * sizeof(uint)), out uint half))
            entry = half;

        _lock.Enter();
        try
        {
            TableNode* node = _nodes.At(step.Node.Index);
            if (node->Generation != step.Node.Generation || node->Table != step.Table)
                return;
            int position = TableNode.PositionOf(node, step.Index);
            if (position == node->SlotCount || node->Slots[position].Index != step.Index)
                return;
            _ = KnownEntry(node, position, out bool isKnown);
            if (!isKnown)
                SetFirstEntry(node, position, entry);
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>An entry is seen for the first time: nothing below it has been reported to anybody.</summary>
    private void SetFirstEntry(TableNode* node, int position, ulong entry)
    {
        ref readonly PagingGeometry geometry = ref GeometryOf(node);
        EntryKind kind = geometry.Decode(entry, node->Level, _memory.ReservedAddressBits, out ulong address);
        int below = node->Slots[position].Below;
        if (node->Level != 1 && kind == EntryKind.Table)
        {
            TableNode* next = _nodes.At(below);
            next->Entry = entry;
            next->IsKnown = true;
            next->Above = geometry.Combine(node->Above, entry, node->Level);
            next->Table = address;
            next->IsReady = false;
            return;
        }

        SetFirstPages(node->Level, below, kind, entry, node->Level, address, node->Above);
    }

    private void SetFirstPages(
        int level, int below, EntryKind kind, ulong entry, int entryLevel, ulong address, TranslationFlags above)
    {
        if (level == 1)
        {
            WatchedPage* page = _pages.At(below);
            page->Current = TranslationOf(page, kind, entry, entryLevel, address, above);
            page->IsKnown = true;
            return;
        }

        TableNode* node = _nodes.At(below);
        node->Entry = entry;
        node->IsKnown = true;
        node->Above = above;
        for (int i = 0; i < node->SlotCount; i++)
            SetFirstPages(node->Level, node->Slots[i].Below, kind, entry, entryLevel, address, above);
    }

    private ulong LinearOf(WatchedPage* page)
    {
        TableNode* node = _nodes.At(page->Node);
        return node->Linear + ((ulong)page->Index << GeometryOf(node).Shift(1));
    }

    /// <summary>How a page is translated by an entry that ends the walk for it.</summary>
    private PageTranslation TranslationOf(
        WatchedPage* page, EntryKind kind, ulong entry, int level, ulong address, TranslationFlags above) => kind == EntryKind.Page
            ? GeometryOf(_nodes.At(page->Node)).PageAt(LinearOf(page), entry, level, address, above)
            : new PageTranslation { Entry = entry };
}
