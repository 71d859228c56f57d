using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Engine.Symbols.Kallsyms;

/// <summary>One place where the addresses may be, read in one way.</summary>
internal sealed class AddressCandidate
{
    /// <summary>Of a hundred neighbours of code, those that may be in the wrong order.</summary>
    private const int MaxDisorderPercent = 1;

    private readonly MemoryCopy _memory;
    private readonly int _offset;
    private readonly int _count;

    private AddressCandidate(
        MemoryCopy memory, int count, int offset, KallsymsPlace place, KallsymsEncoding encoding, ulong relativeBase)
    {
        _memory = memory;
        _count = count;
        _offset = offset;
        Place = place;
        Encoding = encoding;
        RelativeBase = relativeBase;
    }

    /// <summary>Where they are.</summary>
    public KallsymsPlace Place { get; }

    /// <summary>How they are read.</summary>
    public KallsymsEncoding Encoding { get; }

    /// <summary>What they are relative to; 0 if to nothing common.</summary>
    public ulong RelativeBase { get; }

    /// <summary>Every place and way that there is room for.</summary>
    public static IEnumerable<AddressCandidate> All(MemoryCopy memory, KallsymsPlan plan)
    {
        int wide = plan.Count * sizeof(ulong);
        int narrow = KallsymsTokens.Align(plan.Count * sizeof(uint));
        int baseBefore = plan.CountOffset - sizeof(ulong);
        (KallsymsEncoding Encoding, KallsymsPlace Place, int Offset, int Base)[] places =
        [
            (KallsymsEncoding.RelativePerCpu, KallsymsPlace.BeforeNames, baseBefore - narrow, baseBefore),
            (KallsymsEncoding.Relative, KallsymsPlace.BeforeNames, baseBefore - narrow, baseBefore),
            (KallsymsEncoding.Absolute, KallsymsPlace.BeforeNames, plan.CountOffset - wide, -1),
            (KallsymsEncoding.PlaceRelative, KallsymsPlace.BeforeNames, plan.CountOffset - narrow, -1),
            (KallsymsEncoding.RelativePerCpu, KallsymsPlace.AfterTokens, plan.Tokens.End, plan.Tokens.End + narrow),
            (KallsymsEncoding.Relative, KallsymsPlace.AfterTokens, plan.Tokens.End, plan.Tokens.End + narrow),
            (KallsymsEncoding.Absolute, KallsymsPlace.AfterTokens, plan.Tokens.End, -1),
            (KallsymsEncoding.PlaceRelative, KallsymsPlace.AfterTokens, plan.Tokens.End, -1),
        ];
        foreach ((KallsymsEncoding encoding, KallsymsPlace place, int offset, int relativeTo) in places)
        {
            int size = encoding == KallsymsEncoding.Absolute ? wide : narrow;
            if (offset < 0 || offset > memory.Length - size || relativeTo > memory.Length - sizeof(ulong))
                continue;
            ulong relativeBase = relativeTo < 0 ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(memory.Bytes[relativeTo..]);
            yield return new AddressCandidate(memory, plan.Count, offset, place, encoding, relativeBase);
        }
    }

    /// <summary>
    /// Whether the symbols that mark the image's bounds lie where the page tables have them, and code is in its order (spec/33, 2.3).
    /// </summary>
    public bool Matches(in KernelLayout layout, KallsymsNames names)
    {
        bool hasStart = false;
        foreach (string name in (string[])["_text", "_stext"])
        {
            if (TryReadNamed(names, name, out ulong start))
            {
                if (start != layout.Base)
                    return false;
                hasStart = true;
            }
        }

        if (TryReadNamed(names, "_etext", out ulong textEnd) && !layout.Text.Touches(textEnd))
            return false;
        if (TryReadNamed(names, "__start_rodata", out ulong rodata) && !layout.Rodata.Contains(rodata))
            return false;
        if (TryReadNamed(names, "_edata", out ulong dataEnd) && (dataEnd < layout.Rodata.Start || dataEnd > layout.End))
            return false;
        if (TryReadNamed(names, "_end", out ulong end) && (end < layout.Rodata.Start || end - layout.Base > Limits.MaxKernelImage))
            return false;
        return hasStart && IsInOrder(names);
    }

    /// <summary>All addresses.</summary>
    public void ReadAll(Span<ulong> addresses)
    {
        for (int i = 0; i < addresses.Length; i++)
            addresses[i] = Read(i);
    }

    private bool TryReadNamed(KallsymsNames names, string name, out ulong address)
    {
        Span<byte> letters = stackalloc byte[name.Length];
        System.Text.Encoding.ASCII.GetBytes(name, letters);
        int index = names.Find(letters);
        address = index < 0 ? 0 : Read(index);
        return index >= 0;
    }

    private bool IsInOrder(KallsymsNames names)
    {
        int code = 0;
        int wrong = 0;
        ulong last = 0;
        for (int i = 0; i < _count; i++)
        {
            if ((names.TypeOf(i) | 0x20) != 't')
                continue;
            ulong address = Read(i);
            wrong += address < last ? 1 : 0;
            last = address;
            code++;
        }

        return code != 0 && wrong * 100L <= (long)code * MaxDisorderPercent;
    }

    private ulong Read(int index)
    {
        int size = Encoding == KallsymsEncoding.Absolute ? sizeof(ulong) : sizeof(uint);
        int offset = _offset + (index * size);
        ReadOnlySpan<byte> entry = _memory.Bytes.Slice(offset, size);
        if (size == sizeof(ulong))
            return BinaryPrimitives.ReadUInt64LittleEndian(entry);

        int value = BinaryPrimitives.ReadInt32LittleEndian(entry);
        return Encoding switch
        {
            KallsymsEncoding.Relative => RelativeBase + (uint)value,
            KallsymsEncoding.PlaceRelative => _memory.Address + (ulong)offset + (ulong)value,
            _ => value >= 0 ? (ulong)value : RelativeBase - 1 - (ulong)value,
        };
    }
}
