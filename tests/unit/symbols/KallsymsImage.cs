using System;
using System.Collections.Generic;
using System.Linq;
using Engine.Symbols;
using Engine.Symbols.Kallsyms;

namespace Tests.Unit.Symbols;

/// <summary>Writes read-only data with tables of symbols, as scripts/kallsyms.c of the versions would lay them out, from a list of
/// symbols. Written from the format alone; it shares nothing with what reads it.</summary>
internal sealed class KallsymsImage
{
    public const ulong Base = 0xFFFF_FFFF_9A20_0000;
    public const ulong RodataStart = Base + 0x40_0000;

    private static readonly string[] s_pieces =
        ["_", "in", "er", "re", "__x64_sys_", "get", "set", "alloc", "_free", "read", "write", "init", "task", "page", "ct", "lock"];

    private readonly List<byte> _bytes = [];
    private readonly string[] _tokens = new string[256];

    /// <summary>The symbols, in the order of the tables.</summary>
    public required IReadOnlyList<(ulong Address, char Type, string Name)> Symbols { get; init; }

    public KallsymsOrder Order { get; init; }

    public KallsymsEncoding Encoding { get; init; }

    public KallsymsScheme Scheme { get; init; }

    public int MarkerSize { get; init; } = 4;

    /// <summary>Bytes of other things in front of the tables; they are moved by it.</summary>
    public int Lead { get; init; } = 4096;

    public int Seed { get; init; } = 1;

    public static KernelLayout Layout { get; } = new(
        new AddressRange(Base, Base + 0x20_0000), new AddressRange(RodataStart, RodataStart + 0x80_0000), Base + 0x200_0000);

    /// <summary>Symbols such as a kernel has: what each processor has its own of first, then code, then data. Some names twice, some
    /// addresses too.</summary>
    public static List<(ulong Address, char Type, string Name)> Make(int count, int longNames, int seed, bool perCpu = true)
    {
        Random random = new(seed);
        List<(ulong, char, string)> symbols = [];
        for (int i = 0; perCpu && i < 200; i++)
            symbols.Add(((ulong)(i * 64), 'A', $"per_cpu_thing_{i}"));
        symbols.Add((Base, 'T', "_stext"));
        symbols.Add((Base, 'T', "_text"));
        ulong address = Base;
        for (int i = 0; symbols.Count < count - 6; i++)
        {
            address += (ulong)random.Next(0, 5) * 16;
            string name = i % 97 == 0 ? "twice" : s_pieces[random.Next(s_pieces.Length)] + s_pieces[random.Next(s_pieces.Length)] + "_" + i;
            if (i < longNames)
                name = "long_" + new string([.. Enumerable.Range(0, 140 + random.Next(60)).Select(_ => (char)('a' + random.Next(26)))]) + i;
            symbols.Add((address, random.Next(4) == 0 ? 'T' : 't', name));
        }

        symbols.Add((Base + 0x1F_F000, 'T', "_etext"));
        symbols.Add((RodataStart, 'R', "__start_rodata"));
        symbols.Add((RodataStart + 0x10, 'r', "some_constant"));
        symbols.Add((Base + 0x180_0000, 'D', "_edata"));
        symbols.Add((Base + 0x190_0000, 'B', "__bss_stop"));
        symbols.Add((Base + 0x1A0_0000, 'B', "_end"));
        return symbols;
    }

    /// <summary>The read-only data.</summary>
    public MemoryCopy Write()
    {
        byte[] bytes = ToArray();
        MemoryCopy copy = new(RodataStart, bytes.Length);
        bytes.CopyTo(copy.Bytes);
        return copy;
    }

    public byte[] ToArray()
    {
        ChooseTokens();
        Random random = new(Seed);
        byte[] lead = new byte[Lead];
        random.NextBytes(lead);
        _bytes.AddRange(lead);

        // Another table has digits in a row, too.
        _bytes.AddRange("x\00\01\02\03\04\05\06\07\08\09\0a\0b\0"u8);
        Align();
        if (Order != KallsymsOrder.AddressesLast)
            WriteAddresses();
        Put(Symbols.Count, 8);
        List<int> markers = WriteNames();
        foreach (int marker in markers)
            Put(marker, MarkerSize);
        Align();
        if (Order == KallsymsOrder.OrderOfNames)
            WriteOrder();
        WriteTokens();
        if (Order == KallsymsOrder.AddressesLast)
        {
            WriteAddresses();
            WriteOrder();
        }

        byte[] tail = new byte[1000];
        random.NextBytes(tail);
        _bytes.AddRange(tail);
        return [.. _bytes];
    }

    /// <summary>Letters in use stand for themselves; longer pieces take the codes that are left.</summary>
    private void ChooseTokens()
    {
        Array.Fill(_tokens, "");
        foreach (char letter in Symbols.SelectMany(s => s.Name).Concat(Symbols.Select(s => s.Type)).Concat("0123456789").Distinct())
            _tokens[letter] = letter.ToString();
        int code = 0;
        foreach (string piece in s_pieces.Where(piece => piece.Length > 1))
        {
            while (_tokens[code].Length != 0)
                code++;
            _tokens[code] = piece;
        }
    }

    private List<int> WriteNames()
    {
        List<int> markers = [];
        int start = _bytes.Count;
        for (int i = 0; i < Symbols.Count; i++)
        {
            if (i % 256 == 0)
                markers.Add(_bytes.Count - start);
            byte[] name = Compress(Symbols[i].Type + Symbols[i].Name);
            if (Scheme == KallsymsScheme.OneByte || name.Length < 0x80)
                _bytes.Add(checked((byte)name.Length));
            else
                _bytes.AddRange([(byte)((name.Length & 0x7F) | 0x80), (byte)(name.Length >> 7)]);
            _bytes.AddRange(name);
        }

        Align();
        return markers;
    }

    private byte[] Compress(string text)
    {
        List<byte> codes = [];
        for (int at = 0; at < text.Length;)
        {
            // The type's letter is part of the first token only where the piece says so.
            int code = -1;
            for (int i = 0; i < _tokens.Length; i++)
            {
                if (_tokens[i].Length != 0 && text.AsSpan(at).StartsWith(_tokens[i], StringComparison.Ordinal) &&
                    (code < 0 || _tokens[i].Length > _tokens[code].Length))
                {
                    code = i;
                }
            }

            codes.Add((byte)code);
            at += _tokens[code].Length;
        }

        return [.. codes];
    }

    private void WriteTokens()
    {
        List<int> starts = [];
        int start = _bytes.Count;
        foreach (string token in _tokens)
        {
            starts.Add(_bytes.Count - start);
            _bytes.AddRange(System.Text.Encoding.ASCII.GetBytes(token));
            _bytes.Add(0);
        }

        Align();
        foreach (int offset in starts)
            Put(offset, 2);
        Align();
    }

    private void WriteAddresses()
    {
        ulong here = RodataStart + (ulong)_bytes.Count;
        for (int i = 0; i < Symbols.Count; i++)
        {
            ulong address = Symbols[i].Address;
            switch (Encoding)
            {
                case KallsymsEncoding.Absolute:
                    Put((long)address, 8);
                    break;
                case KallsymsEncoding.Relative:
                    Put((uint)(address - Base), 4);
                    break;
                case KallsymsEncoding.RelativePerCpu:
                    Put(address < Base ? (long)address : -(long)(address - Base + 1), 4);
                    break;
                default:
                    Put((int)(long)(address - (here + ((ulong)i * 4))), 4);
                    break;
            }
        }

        Align();
        if (Encoding is KallsymsEncoding.Relative or KallsymsEncoding.RelativePerCpu)
            Put(unchecked((long)Base), 8);
    }

    private void WriteOrder()
    {
        foreach (int index in Enumerable.Range(0, Symbols.Count).OrderBy(i => Symbols[i].Name, StringComparer.Ordinal))
            _bytes.AddRange([(byte)(index >> 16), (byte)(index >> 8), (byte)index]);
        Align();
    }

    private void Put(long value, int size)
    {
        for (int i = 0; i < size; i++)
            _bytes.Add((byte)(value >> (8 * i)));
    }

    private void Align()
    {
        while (_bytes.Count % 8 != 0)
            _bytes.Add(0);
    }
}
