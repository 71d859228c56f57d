using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Engine.Symbols;
using Engine.Symbols.Btf;

namespace Tests.Unit.Symbols;

/// <summary>Writes a blob of BTF, record by record, from the format alone; it shares nothing with what reads it. Each method returns the
/// number of the type that it has written.</summary>
internal sealed class BtfImage
{
    private readonly List<byte> _types = [];
    private readonly List<byte> _texts = [];
    private readonly uint _firstText;
    private uint _next;

    public BtfImage()
    {
        _next = 1;
        _texts.Add(0);
    }

    /// <summary>Types that continue others.</summary>
    public BtfImage(uint firstId, uint firstText)
    {
        _next = firstId;
        _firstText = firstText;
    }

    /// <summary>The number of the next type.</summary>
    public uint Next => _next;

    public uint TextBytes => (uint)_texts.Count;

    public uint Text(string text)
    {
        if (text.Length == 0)
            return 0;
        uint offset = _firstText + (uint)_texts.Count;
        _texts.AddRange(Encoding.ASCII.GetBytes(text));
        _texts.Add(0);
        return offset;
    }

    public uint Int(string name, uint size, uint bits = 0, uint offset = 0) =>
        Record(name, 1, 0, size, (bits == 0 ? size * 8 : bits) | (offset << 16));

    public uint Pointer(uint target) => Record("", 2, 0, target);

    public uint Array(uint element, uint count) => Record("", 3, 0, 0, element, 1, count);

    public uint Typedef(string name, uint type) => Record(name, 8, 0, type);

    public uint Modifier(uint kind, uint type) => Record(kind == 18 ? "user" : "", kind, 0, type);

    public uint Forward(string name, bool isUnion = false) => Record(name, 7, 0, 0, isUnion);

    public uint Float(string name, uint size) => Record(name, 16, 0, size);

    /// <summary>A structure; members are (name, type, bit offset) or, with the flag, (name, type, bits &lt;&lt; 24 | bit offset).</summary>
    public uint Composite(string name, bool isUnion, uint size, bool flag, params (string Name, uint Type, uint Offset)[] members) =>
        Record(
            name, isUnion ? 5U : 4U, (uint)members.Length, size, flag,
            [.. members.SelectMany(m => new[] { Text(m.Name), m.Type, m.Offset })]);

    public uint Struct(string name, uint size, params (string Name, uint Type, uint Offset)[] members) =>
        Composite(name, false, size, false, members);

    public uint Enum(string name, bool isSigned, params (string Name, int Value)[] values) =>
        Record(name, 6, (uint)values.Length, 4, isSigned, [.. values.SelectMany(v => new[] { Text(v.Name), (uint)v.Value })]);

    public uint Enum64(string name, params (string Name, ulong Value)[] values) => Record(
        name, 19, (uint)values.Length, 8, false,
        [.. values.SelectMany(v => new[] { Text(v.Name), (uint)v.Value, (uint)(v.Value >> 32) })]);

    public uint Prototype(uint result, params (string Name, uint Type)[] parameters) =>
        Record("", 13, (uint)parameters.Length, result, false, [.. parameters.SelectMany(p => new[] { Text(p.Name), p.Type })]);

    public uint Function(string name, uint prototype) => Record(name, 12, 1, prototype);

    public uint Variable(string name, uint type) => Record(name, 14, 0, type, 1);

    public uint Section(string name, uint size, params (uint Variable, uint Offset, uint Size)[] variables) => Record(
        name, 15, (uint)variables.Length, size, false, [.. variables.SelectMany(v => new[] { v.Variable, v.Offset, v.Size })]);

    public uint DeclarationTag(string name, uint type) => Record(name, 17, 0, type, 0xFFFF_FFFF);

    /// <summary>A record of a kind that nobody knows.</summary>
    public uint Unknown() => Record("odd", 30, 0, 0);

    /// <summary>The blob.</summary>
    public byte[] ToArray(int head = 24)
    {
        List<byte> blob = [0x9F, 0xEB, 1, 0];
        foreach (int word in new[] { head, 0, _types.Count, _types.Count, _texts.Count })
            blob.AddRange(BitConverter.GetBytes(word));
        blob.AddRange(new byte[head - 24]);
        return [.. blob, .. _types, .. _texts];
    }

    /// <summary>The types that are read from a blob.</summary>
    public static BtfTypes Read(ReadOnlySpan<byte> blob, BtfTypes? baseTypes = null, BtfBaseMap? map = null)
    {
        if (!BtfHeader.TryRead(blob, out BtfHeader header))
            throw new InvalidOperationException("no header");
        NativeTable<byte> copy = new(blob.Length);
        blob.CopyTo(copy.Span);
        BtfTypes types = new(copy, in header, baseTypes, map);
        foreach (WorkStep step in types.Build())
            _ = step;
        return types;
    }

    private uint Record(string name, uint kind, uint count, uint sizeOrType, params uint[] data) =>
        Record(name, kind, count, sizeOrType, false, data);

    private uint Record(string name, uint kind, uint count, uint sizeOrType, bool flag, params uint[] data)
    {
        uint nameOffset = Text(name);
        foreach (uint word in (uint[])[nameOffset, count | (kind << 24) | (flag ? 1U << 31 : 0), sizeOrType, .. data])
            _types.AddRange(BitConverter.GetBytes(word));
        return _next++;
    }
}
