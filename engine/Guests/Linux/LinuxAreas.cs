using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Engine.Symbols;
using Engine.Symbols.Btf;

namespace Engine.Guests.Linux;

/// <summary>
/// Walks the ranges of a process's memory (spec/33, 5.2): a maple tree since 6.1, a list before. Each range has to be where the tree says
/// it is; depth and number are bounded.
/// </summary>
internal sealed class LinuxAreas
{
    private const int NodeBytes = 256;
    private const ulong NodeMask = ~0xFFUL;
    private const int Leaf = 1, Range = 2, RangeWithGaps = 3;

    private readonly IMemoryReader _reader;
    private readonly int _root;
    private readonly int _first;
    private readonly int _next;
    private readonly int _start;
    private readonly int _end;
    private readonly int _flags;
    private readonly int _offset;
    private readonly int _file;
    private int _nodes;

    /// <param name="reader">The kernel's memory.</param>
    /// <param name="types">The kernel's types.</param>
    public LinuxAreas(IMemoryReader reader, BtfTypes types)
    {
        _reader = reader;
        _root = types.OffsetOf("mm_struct.mm_mt.ma_root"u8);
        _first = types.OffsetOf("mm_struct.mmap"u8);
        _next = types.OffsetOf("vm_area_struct.vm_next"u8);
        _start = types.OffsetOf("vm_area_struct.vm_start"u8);
        _end = types.OffsetOf("vm_area_struct.vm_end"u8);
        _flags = types.OffsetOf("vm_area_struct.vm_flags"u8);
        _offset = types.OffsetOf("vm_area_struct.vm_pgoff"u8);
        _file = types.OffsetOf("vm_area_struct.vm_file"u8);
    }

    /// <summary>All ranges of an address space, by rising addresses. False: they were not whole, and some may be missing.</summary>
    public bool TryReadAll(ulong mm, List<LinuxArea> areas)
    {
        if ((_start | _end | _flags | _offset | _file) < 0)
            return false;
        _nodes = 0;
        if (_root >= 0)
            return _reader.TryRead(mm + (ulong)_root, out ulong root) && TryWalk(root, 0, ulong.MaxValue, 0, areas);
        return _first >= 0 && _next >= 0 && TryFollow(mm, areas);
    }

    private bool TryFollow(ulong mm, List<LinuxArea> areas)
    {
        bool isRead = _reader.TryRead(mm + (ulong)_first, out ulong area);
        ulong last = 0;
        while (isRead && area != 0 && areas.Count < Limits.MaxAreas)
        {
            if (!TryRead(area, out LinuxArea read) || read.Start < last)
                return false;
            areas.Add(read);
            last = read.End;
            isRead = _reader.TryRead(area + (ulong)_next, out area);
        }

        return isRead && area == 0;
    }

    private bool TryWalk(ulong entry, ulong min, ulong max, int depth, List<LinuxArea> areas)
    {
        if (entry == 0)
            return true;
        int type = (int)(entry >> 3) & 0xF;
        if ((entry & 3) != 2 || entry <= 4096 || type is not (Leaf or Range or RangeWithGaps) || depth >= Limits.MaxMapleDepth ||
            ++_nodes > Limits.MaxMapleNodes)
        {
            return false;
        }

        // A copy for each level: Limits.MaxMapleDepth of them at most.
        Span<byte> node = stackalloc byte[NodeBytes];
        if (_reader.Read(entry & NodeMask, node) != NodeBytes)
            return false;

        (int pivots, int slots) = type == RangeWithGaps ? (9, 0x50) : (15, 0x80);
        for (int i = 0; i <= pivots; i++)
        {
            ulong pivot = i < pivots ? BinaryPrimitives.ReadUInt64LittleEndian(node[(8 + (i * 8))..]) : max;
            ulong high = pivot == 0 && i > 0 ? max : pivot;
            if (high < min || high > max)
                return false;
            ulong slot = BinaryPrimitives.ReadUInt64LittleEndian(node[(slots + (i * 8))..]);
            bool isFine = type == Leaf ? TryAdd(slot, min, high, areas) : TryWalk(slot, min, high, depth + 1, areas);
            if (!isFine)
                return false;
            if (high == max)
                return true;
            min = high + 1;
        }

        return true;
    }

    private bool TryAdd(ulong slot, ulong min, ulong high, List<LinuxArea> areas)
    {
        if (slot == 0)
            return true;
        if (areas.Count >= Limits.MaxAreas || !TryRead(slot, out LinuxArea area) || area.Start != min || area.End - 1 != high)
            return false;
        areas.Add(area);
        return true;
    }

    private bool TryRead(ulong address, out LinuxArea area)
    {
        area = default;
        if (!_reader.TryRead(address + (ulong)_start, out ulong start) || !_reader.TryRead(address + (ulong)_end, out ulong end) ||
            !_reader.TryRead(address + (ulong)_flags, out ulong flags) || !_reader.TryRead(address + (ulong)_offset, out ulong page) ||
            !_reader.TryRead(address + (ulong)_file, out ulong file) || end <= start)
        {
            return false;
        }

        area = new LinuxArea(start, end, flags, page << 12, file);
        return true;
    }
}
