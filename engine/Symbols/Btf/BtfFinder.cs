using System;
using System.Collections.Generic;

namespace Engine.Symbols.Btf;

/// <summary>
/// Finds the types of a kernel in a copy of its read-only data by their header (spec/33, 3.1): of all that are sound and begin as a base
/// does, with an empty text, the largest.
/// </summary>
internal sealed class BtfFinder
{
    private readonly MemoryCopy _memory;
    private BtfHeader _header;
    private int _offset = -1;
    private int _candidates;

    /// <param name="memory">A copy of the kernel's read-only data.</param>
    public BtfFinder(MemoryCopy memory) => _memory = memory;

    /// <summary>What was found; null before the end of the work, or where there is none. Whoever takes it disposes of it.</summary>
    public BtfTypes? Types { get; private set; }

    /// <summary>Linear addresses of the blob.</summary>
    public AddressRange Range => _offset < 0
        ? default : new AddressRange(_memory.Address + (ulong)_offset, _memory.Address + (ulong)(_offset + _header.Size));

    /// <summary>Searches.</summary>
    public IEnumerable<WorkStep> Run()
    {
        for (int from = 0; from < _memory.Length; from += Limits.ScannedBytesPerStep)
        {
            Scan(from);
            yield return default;
        }

        if (_offset < 0)
            yield break;

        NativeTable<byte> blob = new(_header.Size);
        BtfTypes types = new(blob, in _header);
        Types = types;
        for (int from = 0; from < blob.Length; from += Limits.CopiedBytesPerStep)
        {
            int size = Math.Min(blob.Length - from, Limits.CopiedBytesPerStep);
            _memory.Bytes.Slice(_offset + from, size).CopyTo(blob.Span[from..]);
            yield return default;
        }

        foreach (WorkStep step in types.Build())
            yield return step;
    }

    private void Scan(int from)
    {
        ReadOnlySpan<byte> magic = [0x9F, 0xEB, 0x01, 0x00];
        ReadOnlySpan<byte> memory = _memory.Bytes;
        int end = (int)Math.Min(memory.Length, (long)from + Limits.ScannedBytesPerStep + magic.Length - 1);
        while (_candidates < Limits.MaxBtfCandidates && memory[from..end].IndexOf(magic) is >= 0 and int found)
        {
            int at = from + found;
            from = at + magic.Length;
            _candidates++;
            if (at % sizeof(uint) == 0 && BtfHeader.TryRead(memory[at..], out BtfHeader header) && header.Size > _header.Size &&
                IsBase(memory[at..], in header))
            {
                _offset = at;
                _header = header;
            }
        }
    }

    /// <summary>The texts of a module continue those of the kernel, so that the first one is not empty. What the first type is, differs.
    /// </summary>
    private static bool IsBase(ReadOnlySpan<byte> blob, in BtfHeader header) => blob[header.Texts] == 0 && header.TypeBytes != 0;
}
