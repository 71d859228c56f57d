using System;
using System.Buffers.Binary;

namespace Engine.Symbols.Kallsyms;

/// <summary>
/// Looks for the names that a run of markers belongs to: a number of symbols that fits the run, with names behind it whose lengths give
/// every marker, and which end where the run begins.
/// </summary>
internal sealed class NamesSearch
{
    private const int NamesPerMarker = 256;

    private readonly MemoryCopy _memory;
    private readonly KallsymsTokens _tokens;
    private readonly MarkerRun _run;
    private readonly int _lowest;
    private int _at;
    private int _markers;
    private int _name;
    private int _offset;

    /// <param name="memory">What is searched.</param>
    /// <param name="tokens">The tokens.</param>
    /// <param name="run">The markers.</param>
    public NamesSearch(MemoryCopy memory, KallsymsTokens tokens, MarkerRun run)
    {
        _memory = memory;
        _tokens = tokens;
        _run = run;

        // Behind the last marker there are 1 to 256 names.
        int highest = run.Offset - run.Last - sizeof(ulong);
        _lowest = Math.Max(0, highest - (NamesPerMarker * (Limits.MaxSymbolName + 2)) - sizeof(ulong)) & -sizeof(ulong);
        _at = (highest & -sizeof(ulong)) + sizeof(ulong);
    }

    /// <summary>What was found; null: nothing, or not yet.</summary>
    public KallsymsPlan? Plan { get; private set; }

    /// <summary>Goes to the next number that fits. False: there is none left.</summary>
    public bool MoveNext()
    {
        ReadOnlySpan<byte> memory = _memory.Bytes;
        while (_at - sizeof(ulong) >= _lowest)
        {
            _at -= sizeof(ulong);
            ulong count = BinaryPrimitives.ReadUInt64LittleEndian(memory[_at..]);

            // What follows the run may look like one marker more.
            ulong groups = (count + NamesPerMarker - 1) / NamesPerMarker;
            if (count <= Limits.MaxSymbols && (groups == (ulong)_run.Count || groups + 1 == (ulong)_run.Count))
            {
                _markers = (int)groups;
                Begin();
                return true;
            }
        }

        return false;
    }

    /// <summary>Goes over a bounded number of names of the current place. False: that is all; <see cref="Plan"/> tells what came of
    /// it, and the next call begins anew.</summary>
    public bool Check(KallsymsScheme scheme)
    {
        ReadOnlySpan<byte> memory = _memory.Bytes;
        int start = _at + sizeof(ulong);
        int count = (int)BinaryPrimitives.ReadUInt64LittleEndian(memory[_at..]);
        ReadOnlySpan<byte> table = memory[start.._run.Offset];
        for (int end = Math.Min(count, _name + Limits.SymbolsPerStep); _name < end; _name++)
        {
            if (_name % NamesPerMarker == 0 && MarkerOf(memory, _name / NamesPerMarker) != _offset)
                return Begin();
            if (!KallsymsNames.TryReadLength(table, scheme, ref _offset, out int length) || length == 0)
                return Begin();
            _offset += length;
        }

        if (_name < count)
            return true;
        int gap = _run.Offset - (start + _offset);
        if (gap < sizeof(ulong))
            Plan = PlanOf(count, start, scheme);
        return Begin();
    }

    private bool Begin()
    {
        _name = 0;
        _offset = 0;
        return false;
    }

    private KallsymsPlan PlanOf(int count, int start, KallsymsScheme scheme)
    {
        int behind = KallsymsTokens.Align(_run.Offset + (_markers * _run.Size));
        return new KallsymsPlan(
            _tokens, count, _at, start, start + _offset, _markers, _run.Size, _tokens.Start - behind >= 3L * count, scheme);
    }

    private long MarkerOf(ReadOnlySpan<byte> memory, int index) => _run.Size == sizeof(uint)
        ? BinaryPrimitives.ReadUInt32LittleEndian(memory[(_run.Offset + (index * sizeof(uint)))..])
        : BinaryPrimitives.ReadInt64LittleEndian(memory[(_run.Offset + (index * sizeof(ulong)))..]);
}
