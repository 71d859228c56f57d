using System;
using Engine.Abi;

namespace Engine.Hooks.Translations;

/// <content>The tree: nodes for tables, and the hooks on the tables that hold them. Under the lock.</content>
internal sealed unsafe partial class TranslationHooks
{
    /// <summary>Bytes of a table whose hooks begin and end together: a store elsewhere in the page is not looked at.</summary>
    private const int HookGranule = 512;

    /// <summary>In the cookie of one of the two hooks that a table has while it gets a wider one.</summary>
    private const ulong OtherHook = 1UL << 63;

    private const uint GenerationMask = 0x7FFF_FFFF;

    private ref readonly PagingGeometry GeometryOf(TableNode* node) => ref _spaces.At(node->Space)->Geometry;

    private int FindOrAddPage(in PagingGeometry geometry, ulong root, ulong linear)
    {
        int at = FindOrAddRoot(in geometry, root);
        for (int level = geometry.Levels; level > 1; level--)
        {
            int index = geometry.IndexOf(linear, level);
            int below = TableNode.BelowOf(_nodes.At(at), index);
            if (below == None)
            {
                ulong start = linear & ~((1UL << geometry.Shift(level)) - 1);
                below = AddNode(_nodes.At(at)->Space, at, level - 1, start);
                TableNode.AddSlot(_nodes.At(at), index, below);
            }

            at = below;
        }

        int last = geometry.IndexOf(linear, 1);
        int page = TableNode.BelowOf(_nodes.At(at), last);
        return page == None ? AddPage(at, last) : page;
    }

    private int FindOrAddRoot(in PagingGeometry geometry, ulong root)
    {
        if (_spaceByRoot.TryGetValue((root, geometry.Mode), out int space))
            return _spaces.At(space)->RootNode;

        space = _spaces.Take();
        AddressSpaceRecord* record = _spaces.At(space);
        record->Root = root;
        record->Geometry = geometry;
        int node = AddNode(space, None, geometry.Levels, linear: 0);
        record->RootNode = node;
        _spaceByRoot.Add((root, geometry.Mode), space);
        _nodes.At(node)->Table = root;
        _nodes.At(node)->Entry = root;
        _nodes.At(node)->Above = TranslationFlags.Unrestricted;
        _nodes.At(node)->IsKnown = true;
        return node;
    }

    private int AddNode(int space, int parent, int level, ulong linear)
    {
        int index = _nodes.Take();
        TableNode* node = _nodes.At(index);
        uint generation = node->Generation + 1;
        *node = new TableNode
        {
            Generation = generation & GenerationMask, Table = TableNode.NoTable, Incoming = TableNode.NoTable, Linear = linear,
            Space = space, Parent = parent, Level = (byte)level,
        };
        return index;
    }

    private int AddPage(int node, int entry)
    {
        int index = _pages.Take();
        WatchedPage* page = _pages.At(index);
        uint generation = page->Generation + 1;
        *page = new WatchedPage { Generation = generation, Node = node, FirstWatch = None, Index = (ushort)entry };
        TableNode.AddSlot(_nodes.At(node), entry, index);
        _pagesAdded++;
        return index;
    }

    private void RemovePage(int index)
    {
        WatchedPage* page = _pages.At(index);
        int at = page->Node;
        TableNode.RemoveSlot(_nodes.At(at), page->Index);
        page->Generation++;
        _pages.Give(index);

        while (_nodes.At(at)->SlotCount == 0)
        {
            TableNode* node = _nodes.At(at);
            int parent = node->Parent;
            if (parent == None)
            {
                AddressSpaceRecord* space = _spaces.At(node->Space);
                _spaceByRoot.Remove((space->Root, space->Geometry.Mode));
                _spaces.Give(node->Space);
            }
            else
            {
                TableNode.RemoveSlot(_nodes.At(parent), GeometryOf(node).IndexOf(node->Linear, node->Level + 1));
            }

            RemoveNode(at);
            if (parent == None)
                return;
            at = parent;
        }
    }

    private void RemoveNode(int index)
    {
        TableNode* node = _nodes.At(index);
        Unhook(index, node->Table);
        Unhook(index, node->Incoming);
        TableNode.FreeSlots(node);
        node->Generation = (node->Generation + 1) & GenerationMask;
        node->Level = 0;
        _nodes.Give(index);
    }

    private static ulong CookieOf(int index, TableNode* node) =>
        (node->HasOtherHook ? OtherHook : 0) | ((ulong)node->Generation << 32) | (uint)index;

    /// <summary>The node that a hook's cookie names, if it is still there.</summary>
    private TableNode* FindNode(ulong cookie)
    {
        // A hook outlives neither its node's record nor the pool.
        TableNode* node = _nodes.At((int)cookie);
        return node->Generation == ((uint)(cookie >> 32) & GenerationMask) ? node : null;
    }

    /// <summary>Hooks a table for a node, from its first monitored entry to the last. False: a limit is reached.</summary>
    private bool TryHook(int index, ulong table)
    {
        TableNode* node = _nodes.At(index);
        if (!_traps)
            return true;
        if (!node->IsHooked)
            (node->HookStart, node->HookEnd) = RangeOf(node, node->Slots[0].Index, node->Slots[node->SlotCount - 1].Index);
        return _frames.Set(
            table + node->HookStart, node->HookEnd - node->HookStart, EptAccess.Write, _frameHandler, CookieOf(index, node),
            FrameHookFlags.HighPriority | FrameHookFlags.BytesOnly).IsSuccess();
    }

    private void Unhook(int index, ulong table)
    {
        if (_traps && table != TableNode.NoTable)
            _frames.Remove(table, _frameHandler, CookieOf(index, _nodes.At(index)));
    }

    /// <summary>Lets the hooks of a node reach over one more entry; the tables stay hooked all the time. False: a limit is reached, and
    /// nothing has changed.</summary>
    private bool TryWiden(int index, int entry)
    {
        TableNode* node = _nodes.At(index);
        (ushort start, ushort end) = RangeOf(node, entry, entry);
        if (node->HookEnd == 0 || (start >= node->HookStart && end <= node->HookEnd))
            return true;

        // The wide hooks have another cookie, so that the narrow ones can be told from them.
        (ushort narrowStart, ushort narrowEnd) = (node->HookStart, node->HookEnd);
        node->HookStart = Math.Min(start, narrowStart);
        node->HookEnd = Math.Max(end, narrowEnd);
        node->HasOtherHook = !node->HasOtherHook;
        bool isSet = (!node->IsHooked || TryHook(index, node->Table)) &&
            (node->Incoming == TableNode.NoTable || TryHook(index, node->Incoming));
        if (!isSet)
        {
            Unhook(index, node->Table);
            (node->HookStart, node->HookEnd) = (narrowStart, narrowEnd);
            node->HasOtherHook = !node->HasOtherHook;
            return false;
        }

        node->HasOtherHook = !node->HasOtherHook;
        Unhook(index, node->Table);
        Unhook(index, node->Incoming);
        node->HasOtherHook = !node->HasOtherHook;
        return true;
    }

    private (ushort Start, ushort End) RangeOf(TableNode* node, int first, int last)
    {
        ref readonly PagingGeometry geometry = ref GeometryOf(node);
        int size = geometry.TableSize(node->Level);
        int start = first * geometry.EntrySize / HookGranule * HookGranule;
        int end = ((((last + 1) * geometry.EntrySize) + HookGranule - 1) / HookGranule) * HookGranule;
        return ((ushort)Math.Min(start, size), (ushort)Math.Min(end, size));
    }

    /// <summary>The entry that leads to what is below a slot, as it was last seen.</summary>
    private ulong KnownEntry(TableNode* node, int position, out bool isKnown)
    {
        int below = node->Slots[position].Below;
        if (node->Level == 1)
        {
            WatchedPage* page = _pages.At(below);
            isKnown = page->IsKnown;
            return page->Current.Entry;
        }

        TableNode* next = _nodes.At(below);
        isKnown = next->IsKnown;
        return next->Entry;
    }
}
