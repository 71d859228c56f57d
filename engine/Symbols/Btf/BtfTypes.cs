using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Engine.Symbols.Btf;

/// <summary>
/// The types of a kernel or a module (BTF; spec/33, section 3). The blob is kept as it is, with the place of each record and a hash of
/// the names besides; look-ups do not allocate.
/// </summary>
/// <remarks>
/// <para>Of a module ("split"): its numbers and texts continue those of the base. If the module brings a base of its own along
/// ("distilled"), that stands between: its few types are looked for by name in the kernel's (<see cref="BtfBaseMap"/>).</para>
/// <para>All of it may be made up by the guest: references go in circles, sizes overflow, texts have no end. Everything is bounded, and
/// what makes no sense is not found. A record of an unknown kind ends the types, since its size is not known.</para>
/// <para>Thread safety: after <see cref="Build"/> nothing changes; any number of threads, until it is disposed of.</para>
/// </remarks>
internal sealed partial class BtfTypes : IDisposable
{
    private const int RecordSize = 12;
    private const int MemberSize = 12;

    private readonly NativeTable<byte> _blob;
    private readonly BtfHeader _header;
    private readonly BtfTypes? _base;
    private readonly BtfBaseMap? _map;
    private readonly uint _firstText;
    private NativeTable<int> _records = new(0);
    private NameIndex _names = new(0);

    /// <param name="blob">The blob, which is taken over; <see cref="BtfHeader.TryRead"/> has accepted it.</param>
    /// <param name="header">Its header.</param>
    /// <param name="baseTypes">Of a module: the kernel's types; they outlive these.</param>
    /// <param name="map">Of a module with a base of its own: what that means in the kernel's.</param>
    public BtfTypes(NativeTable<byte> blob, in BtfHeader header, BtfTypes? baseTypes = null, BtfBaseMap? map = null)
    {
        _header = header;
        _base = baseTypes;
        _map = map;
        FirstId = (map?.Count ?? baseTypes?.EndId - 1 ?? 0) + 1;
        _firstText = map?.TextBytes ?? (baseTypes is null ? 0 : baseTypes._firstText + (uint)baseTypes._header.TextBytes);
        _blob = blob;
    }

    /// <summary>The number of its first type.</summary>
    public uint FirstId { get; }

    /// <summary>The number behind that of its last type.</summary>
    public uint EndId => FirstId + (uint)Count;

    /// <summary>Number of its own types.</summary>
    public int Count => _records.Length;

    /// <summary>Bytes of its own types.</summary>
    public int TypeBytes => _header.TypeBytes;

    /// <summary>Bytes of its own texts.</summary>
    public int TextBytes => _header.TextBytes;

    /// <summary>Whether all records were understood; else <see cref="Count"/> are.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Bytes that all of it takes.</summary>
    public long Bytes => _blob.Bytes + _records.Bytes + _names.Bytes;

    private ReadOnlySpan<byte> Types => _blob.Span.Slice(_header.Types, _header.TypeBytes);

    private ReadOnlySpan<byte> Texts => _blob.Span.Slice(_header.Texts, _header.TextBytes);

    /// <summary>Finds the records and indexes their names.</summary>
    public IEnumerable<WorkStep> Build()
    {
        int count = 0;
        int offset = 0;
        while (Skip(ref offset, ref count, default))
            yield return default;

        IsComplete = offset == _header.TypeBytes;
        _records = new NativeTable<int>(count);
        _names = new NameIndex(count);
        int end = offset;
        offset = 0;
        int done = 0;
        while (offset < end && Skip(ref offset, ref done, _records))
            yield return default;
        for (int until = count; until > 0; until -= Limits.TypesPerStep)
        {
            IndexNames(Math.Max(0, until - Limits.TypesPerStep), until);
            yield return default;
        }
    }

    /// <summary>A type by its number. False: there is none; 0, which is void, has no record.</summary>
    public bool TryGet(uint id, out BtfType type)
    {
        type = default;
        if (id < FirstId)
            return _base is not null && _base.TryGet(_map is null ? id : _map.Translate(id), out type);
        if (id - FirstId >= (uint)Count)
            return false;

        int offset = _records[(int)(id - FirstId)];
        ReadOnlySpan<byte> record = Types.Slice(offset, RecordSize);
        uint info = BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
        type = new BtfType(
            this, id, BinaryPrimitives.ReadUInt32LittleEndian(record), (BtfKind)((info >> 24) & 0x1F), (int)(info & 0xFFFF), info >> 31 != 0,
            BinaryPrimitives.ReadUInt32LittleEndian(record[8..]), offset + RecordSize);
        return true;
    }

    /// <summary>A text up to its NUL; empty where there is none.</summary>
    public ReadOnlySpan<byte> TextAt(uint offset)
    {
        ReadOnlySpan<byte> rest = RestOfTexts(offset);
        int end = rest[..Math.Min(rest.Length, Limits.MaxSymbolName)].IndexOf((byte)0);
        return end < 0 ? default : rest[..end];
    }

    /// <summary>The first of its own types, by number, that has a name and is of a kind; <see cref="BtfKind.Void"/>: any.</summary>
    public bool TryFind(ReadOnlySpan<byte> name, BtfKind kind, out BtfType type) => TryFindFrom(_names.First(name), name, kind, out type);

    /// <summary>The next one.</summary>
    public bool TryFindNext(in BtfType previous, ReadOnlySpan<byte> name, BtfKind kind, out BtfType type) =>
        TryFindFrom(_names.Next((int)(previous.Id - FirstId)), name, kind, out type);

    /// <summary>Whether a text is that name.</summary>
    public bool IsName(uint offset, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> rest = RestOfTexts(offset);
        return rest.Length > name.Length && rest[name.Length] == 0 && rest.StartsWith(name);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blob.Dispose();
        _records.Dispose();
        _names.Dispose();
    }

    /// <summary>A text, and all texts that follow it.</summary>
    internal ReadOnlySpan<byte> RestOfTexts(uint offset)
    {
        if (offset < _firstText)
            return _map is not null ? _map.RestOfTexts(offset) : _base is not null ? _base.RestOfTexts(offset) : default;
        return offset - _firstText < (uint)_header.TextBytes ? Texts[(int)(offset - _firstText)..] : default;
    }

    private bool TryFindFrom(int index, ReadOnlySpan<byte> name, BtfKind kind, out BtfType type)
    {
        for (int links = 0; index >= 0 && links < Limits.MaxNameChain && name.Length != 0; links++)
        {
            if (TryGet(FirstId + (uint)index, out type) && (kind == BtfKind.Void || type.Kind == kind) && IsName(type.NameOffset, name))
                return true;
            index = _names.Next(index);
        }

        type = default;
        return false;
    }

    /// <summary>Goes over a bounded number of records, and notes where they are. False: that is all.</summary>
    private bool Skip(ref int offset, ref int count, NativeTable<int>? records)
    {
        ReadOnlySpan<byte> types = Types;
        for (int i = 0; i < Limits.TypesPerStep; i++)
        {
            if (offset > types.Length - RecordSize || count >= Limits.MaxTypes)
                return false;
            int size = SizeOfRecord(BinaryPrimitives.ReadUInt32LittleEndian(types[(offset + 4)..]));
            if (size < 0 || size > types.Length - offset)
                return false;
            if (records is not null)
                records[count] = offset;
            offset += size;
            count++;
        }

        return true;
    }

    private void IndexNames(int from, int end)
    {
        for (int i = end - 1; i >= from; i--)
        {
            ReadOnlySpan<byte> name = TextAt(BinaryPrimitives.ReadUInt32LittleEndian(Types[_records[i]..]));
            if (!name.IsEmpty)
                _names.Add(i, name);
        }
    }

    /// <summary>Bytes of a record; -1: a kind that is not known.</summary>
    private static int SizeOfRecord(uint info)
    {
        int count = (int)(info & 0xFFFF);
        return RecordSize + (BtfKind)((info >> 24) & 0x1F) switch
        {
            BtfKind.Int or BtfKind.Variable or BtfKind.DeclarationTag => sizeof(uint),
            BtfKind.Array => MemberSize,
            BtfKind.Struct or BtfKind.Union or BtfKind.DataSection or BtfKind.Enum64 => count * MemberSize,
            BtfKind.Enum or BtfKind.Prototype => count * 2 * sizeof(uint),
            BtfKind.Pointer or BtfKind.Forward or BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or
                BtfKind.Function or BtfKind.Float or BtfKind.TypeTag => 0,
            _ => -1 - RecordSize,
        };
    }
}
