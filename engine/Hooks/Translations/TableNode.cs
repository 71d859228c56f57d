using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Hooks.Translations;

/// <summary>
/// A table of a watched address space by its place: that of a level, for a range of linear addresses. It is there as long as an
/// address in that range is watched; which page of guest memory holds the table, if any does, changes with the guest's entries.
/// </summary>
/// <remarks>Unmanaged; under the lock of TranslationHooks.</remarks>
internal unsafe struct TableNode
{
    /// <summary>No guest-physical address.</summary>
    public const ulong NoTable = ulong.MaxValue;

    private const int InitialSlots = 4;

    /// <summary>For the pool.</summary>
    public int NextFree;

    /// <summary>Counts the uses of this record.</summary>
    public uint Generation;

    /// <summary>Guest-physical address of the table; <see cref="NoTable"/>: there is none.</summary>
    public ulong Table;

    /// <summary>The table that a store under judgement would put there; <see cref="NoTable"/>: none.</summary>
    public ulong Incoming;

    /// <summary>The entry above that leads here, as it was last seen; CR3 for the root.</summary>
    public ulong Entry;

    /// <summary>First linear address of the range.</summary>
    public ulong Linear;

    /// <summary>Monitored entries, in order.</summary>
    public TableSlot* Slots;

    /// <summary>Number of them.</summary>
    public int SlotCount;

    /// <summary>Room for them.</summary>
    public int SlotRoom;

    /// <summary>The address space.</summary>
    public int Space;

    /// <summary>The node above; -1 for the root.</summary>
    public int Parent;

    /// <summary>First byte of the table that is hooked.</summary>
    public ushort HookStart;

    /// <summary>Byte after the last one that is hooked; 0: nothing is.</summary>
    public ushort HookEnd;

    /// <summary>Watches below that are to fail closed.</summary>
    public int FailClosed;

    /// <summary>Serial of the last transaction that moved it.</summary>
    public uint Transaction;

    /// <summary>Position of its move in that transaction.</summary>
    public int Move;

    /// <summary>Level, 1 for the table of pages.</summary>
    public byte Level;

    /// <summary>What the levels above allow.</summary>
    public TranslationFlags Above;

    /// <summary>The hook is in force: no store to the table is missed.</summary>
    public bool IsReady;

    /// <summary>The table carries the node's hook.</summary>
    public bool IsHooked;

    /// <summary>The entry above has been seen.</summary>
    public bool IsKnown;

    /// <summary>Which of two cookies its hooks carry.</summary>
    public bool HasOtherHook;

    /// <summary>Position of the first slot whose entry is not below a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PositionOf(TableNode* node, int index)
    {
        TableSlot* slots = node->Slots;
        int count = node->SlotCount;
        if (count == 0)
            return 0;

        // Entries that follow each other, as those of a range of pages do.
        int guess = index - slots[0].Index;
        if ((uint)guess < (uint)count && slots[guess].Index == index)
            return guess;

        int low = 0;
        while (low < count)
        {
            int middle = (low + count) >> 1;
            if (slots[middle].Index < index)
                low = middle + 1;
            else
                count = middle;
        }

        return low;
    }

    /// <summary>What is below an entry; -1: it is not monitored.</summary>
    public static int BelowOf(TableNode* node, int index)
    {
        int position = PositionOf(node, index);
        return position < node->SlotCount && node->Slots[position].Index == index ? node->Slots[position].Below : -1;
    }

    /// <summary>Monitors an entry that was not.</summary>
    public static void AddSlot(TableNode* node, int index, int below)
    {
        if (node->SlotCount == node->SlotRoom)
        {
            node->SlotRoom = Math.Max(InitialSlots, node->SlotRoom * 2);
            node->Slots = (TableSlot*)NativeMemory.Realloc(node->Slots, (nuint)node->SlotRoom * (nuint)sizeof(TableSlot));
        }

        int position = PositionOf(node, index);
        new Span<TableSlot>(node->Slots + position, node->SlotCount - position)
            .CopyTo(new Span<TableSlot>(node->Slots + position + 1, node->SlotCount - position));
        node->Slots[position] = new TableSlot { Index = (ushort)index, Below = below };
        node->SlotCount++;
    }

    /// <summary>Monitors an entry no longer.</summary>
    public static void RemoveSlot(TableNode* node, int index)
    {
        int position = PositionOf(node, index);
        node->SlotCount--;
        new Span<TableSlot>(node->Slots + position + 1, node->SlotCount - position)
            .CopyTo(new Span<TableSlot>(node->Slots + position, node->SlotCount - position));
    }

    /// <summary>Frees the memory of the slots.</summary>
    public static void FreeSlots(TableNode* node)
    {
        NativeMemory.Free(node->Slots);
        node->Slots = null;
        node->SlotCount = node->SlotRoom = 0;
    }
}
