using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Engine.Symbols.Kallsyms;

/// <summary>Finds the longest runs of rising numbers, each of which may be the markers of a table of names (spec/33, 2.3).</summary>
internal sealed class MarkerScan
{
    private const int MinStep = 300;
    private const int MaxStep = 1 << 16;

    private readonly MemoryCopy _memory;
    private readonly int _size;
    private readonly List<MarkerRun> _runs = [];

    /// <param name="memory">What is searched.</param>
    /// <param name="size">Bytes of a marker, 4 or 8.</param>
    public MarkerScan(MemoryCopy memory, int size)
    {
        _memory = memory;
        _size = size;
    }

    /// <summary>The runs that were found, the longest first.</summary>
    public IReadOnlyList<MarkerRun> Runs => _runs;

    /// <summary>Searches up to an offset.</summary>
    public IEnumerable<WorkStep> Run(int end)
    {
        int offset = 0;
        while (offset < end)
        {
            offset = Scan(offset, Math.Min(end, offset + Limits.ScannedBytesPerStep), end);
            yield return default;
        }
    }

    /// <summary>Searches a part for beginnings of runs; returns where to go on. Runs have no part in common, so that all of it is
    /// looked at twice at most.</summary>
    private int Scan(int from, int to, int end)
    {
        ReadOnlySpan<byte> memory = _memory.Bytes[..end];
        while (from < to)
        {
            if (ReadAt(memory, from) != 0 || !IsStep(ReadAt(memory, from + _size)))
            {
                from += _size;
                continue;
            }

            MarkerRun run = Follow(memory, from);
            if (run.Count >= Limits.MinKallsymsMarkers)
                Keep(run);
            from += run.Count * _size;
        }

        return from;
    }

    private MarkerRun Follow(ReadOnlySpan<byte> memory, int start)
    {
        long last = 0;
        int count = 1;
        while (true)
        {
            long next = ReadAt(memory, start + (count * _size));
            if (next < last || !IsStep(next - last) || next > int.MaxValue)
                return new MarkerRun(start, count, _size, (int)last);
            last = next;
            count++;
        }
    }

    private void Keep(MarkerRun run)
    {
        int place = _runs.FindIndex(other => other.Count < run.Count);
        _runs.Insert(place < 0 ? _runs.Count : place, run);
        if (_runs.Count > Limits.MaxMarkerRuns)
            _runs.RemoveAt(_runs.Count - 1);
    }

    private static bool IsStep(long step) => step is >= MinStep and <= MaxStep;

    /// <summary>A number; behind the end there are none.</summary>
    private long ReadAt(ReadOnlySpan<byte> memory, int offset)
    {
        if (offset > memory.Length - _size)
            return -1;
        return _size == sizeof(uint)
            ? BinaryPrimitives.ReadUInt32LittleEndian(memory[offset..])
            : BinaryPrimitives.ReadInt64LittleEndian(memory[offset..]);
    }
}
