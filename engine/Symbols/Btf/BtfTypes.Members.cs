using System;
using System.Buffers.Binary;

namespace Engine.Symbols.Btf;

/// <content>Members, sizes, enumerators.</content>
internal sealed partial class BtfTypes
{
    private const ulong PointerSize = 8;

    /// <summary>
    /// A member: the name of a structure, a union or a typedef of one, then names of members, with points between. Anonymous members are
    /// looked into; of an array, its elements. If several structures have the name, the largest that has the member counts.
    /// </summary>
    public bool TryFindField(ReadOnlySpan<byte> path, out BtfField field)
    {
        int point = path.IndexOf((byte)'.');
        field = default;
        return point > 0 && TryFindField(path[..point], path[(point + 1)..], out field);
    }

    /// <summary>The same, of a structure and a path within it.</summary>
    public bool TryFindField(ReadOnlySpan<byte> structure, ReadOnlySpan<byte> path, out BtfField field)
    {
        field = default;
        ulong largest = 0;
        bool isFound = false;
        int budget = Limits.MaxMembersVisited;
        for (bool more = TryFind(structure, BtfKind.Void, out BtfType type); more; more = TryFindNext(in type, structure, BtfKind.Void, out type))
        {
            if (!TryResolve(in type, out BtfType resolved) || !resolved.IsComposite || (isFound && resolved.SizeOrType <= largest) ||
                !TryFollow(in resolved, path, ref budget, out BtfField candidate))
            {
                continue;
            }

            field = candidate;
            largest = resolved.SizeOrType;
            isFound = true;
        }

        return isFound || (_base is not null && _base.TryFindField(structure, path, out field));
    }

    /// <summary>The offset of a member, in bytes; -1: there is no such member.</summary>
    public int OffsetOf(ReadOnlySpan<byte> path) => TryFindField(path, out BtfField field) ? field.Offset : -1;

    /// <summary>Bytes of the largest structure or union of a name; 0: there is none.</summary>
    public ulong SizeOf(ReadOnlySpan<byte> structure)
    {
        ulong largest = 0;
        for (bool more = TryFind(structure, BtfKind.Void, out BtfType type); more; more = TryFindNext(in type, structure, BtfKind.Void, out type))
        {
            if (TryResolve(in type, out BtfType resolved) && resolved.IsComposite)
                largest = Math.Max(largest, resolved.SizeOrType);
        }

        return largest != 0 || _base is null ? largest : _base.SizeOf(structure);
    }

    /// <summary>Bytes of a type; 0 where it has none, or more than an address has bits for.</summary>
    public static ulong SizeOf(in BtfType type)
    {
        ulong factor = 1;
        BtfType at = type;
        for (int depth = 0; depth < Limits.MaxTypeDepth; depth++)
        {
            if (!TryResolve(in at, out at))
                return 0;
            switch (at.Kind)
            {
                case BtfKind.Pointer:
                    return Multiply(factor, PointerSize);
                case BtfKind.Int or BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Float or BtfKind.DataSection:
                    return Multiply(factor, at.SizeOrType);
                case BtfKind.Variable:
                    if (!at.Owner.TryGet(at.SizeOrType, out at))
                        return 0;
                    break;
                case BtfKind.Array:
                    factor = Multiply(factor, at.Owner.WordAt(at.Data + (2 * sizeof(uint))));
                    if (!at.Owner.TryGet(at.Owner.WordAt(at.Data), out at))
                        return 0;
                    break;
                default:
                    return 0;
            }
        }

        return 0;
    }

    /// <summary>What stands behind typedefs and qualifiers. False: nothing, or they go in circles.</summary>
    public static bool TryResolve(in BtfType type, out BtfType resolved)
    {
        resolved = type;
        for (int depth = 0; depth < Limits.MaxTypeDepth; depth++)
        {
            if (!resolved.IsAlias)
                return true;
            if (!resolved.Owner.TryGet(resolved.SizeOrType, out resolved))
                return false;
        }

        return false;
    }

    /// <summary>The type of an array's elements, else what a pointer points at; false: it is neither, or points at nothing.</summary>
    public static bool TryGetTarget(in BtfType type, out BtfType target)
    {
        target = default;
        if (!TryResolve(in type, out BtfType resolved))
            return false;
        return resolved.Kind switch
        {
            BtfKind.Pointer => resolved.Owner.TryGet(resolved.SizeOrType, out target),
            BtfKind.Array => resolved.Owner.TryGet(resolved.Owner.WordAt(resolved.Data), out target),
            _ => false,
        };
    }

    /// <summary>The number that an enumerator of a named enumeration stands for.</summary>
    public bool TryFindEnumerator(ReadOnlySpan<byte> enumeration, ReadOnlySpan<byte> name, out long value)
    {
        for (bool more = TryFind(enumeration, BtfKind.Void, out BtfType type); more; more = TryFindNext(in type, enumeration, BtfKind.Void, out type))
        {
            if (TryResolve(in type, out BtfType resolved) && TryFindEnumerator(in resolved, name, out value))
                return true;
        }

        value = 0;
        return _base is not null && _base.TryFindEnumerator(enumeration, name, out value);
    }

    /// <summary>The offset of a variable in a section of data, and its bytes.</summary>
    public bool TryFindVariable(ReadOnlySpan<byte> section, ReadOnlySpan<byte> name, out uint offset, out uint size)
    {
        if (TryFind(section, BtfKind.DataSection, out BtfType type))
        {
            for (int i = 0; i < type.Count; i++)
            {
                int entry = type.Data + (i * MemberSize);
                if (TryGet(WordAt(entry), out BtfType variable) && variable.Owner.IsName(variable.NameOffset, name))
                {
                    offset = WordAt(entry + sizeof(uint));
                    size = WordAt(entry + (2 * sizeof(uint)));
                    return true;
                }
            }
        }

        offset = size = 0;
        return false;
    }

    private static bool TryFindEnumerator(in BtfType type, ReadOnlySpan<byte> name, out long value)
    {
        value = 0;
        bool wide = type.Kind == BtfKind.Enum64;
        if (!wide && type.Kind != BtfKind.Enum)
            return false;

        int size = wide ? MemberSize : 2 * sizeof(uint);
        for (int i = 0; i < type.Count; i++)
        {
            int at = type.Data + (i * size);
            if (!type.Owner.IsName(type.Owner.WordAt(at), name))
                continue;
            uint low = type.Owner.WordAt(at + sizeof(uint));
            value = wide ? (long)(((ulong)type.Owner.WordAt(at + (2 * sizeof(uint))) << 32) | low)
                : type.HasKindFlag ? (int)low : low;
            return true;
        }

        return false;
    }

    private static bool TryFollow(in BtfType structure, ReadOnlySpan<byte> path, ref int budget, out BtfField field)
    {
        field = default;
        BtfType at = structure;
        ulong offset = 0;
        while (true)
        {
            int point = path.IndexOf((byte)'.');
            ReadOnlySpan<byte> name = point < 0 ? path : path[..point];
            if (name.IsEmpty || !TryFindMember(in at, name, depth: 0, ref budget, out field))
                return false;
            offset += field.BitOffset;
            if (point < 0)
            {
                field = field with { BitOffset = offset };
                return true;
            }

            path = path[(point + 1)..];
            BtfType inner = field.Type;
            if (TryResolve(in inner, out at) && at.Kind == BtfKind.Array && TryGetTarget(in at, out BtfType element))
                TryResolve(in element, out at);
            if (!at.IsComposite)
                return false;
        }
    }

    private static bool TryFindMember(in BtfType type, ReadOnlySpan<byte> name, int depth, ref int budget, out BtfField field)
    {
        field = default;
        BtfTypes owner = type.Owner;
        for (int i = 0; i < type.Count; i++)
        {
            if (--budget < 0)
                return false;
            int at = type.Data + (i * MemberSize);
            uint nameOffset = owner.WordAt(at);
            bool isAnonymous = nameOffset == 0;
            if ((!isAnonymous && !owner.IsName(nameOffset, name)) || !owner.TryGet(owner.WordAt(at + sizeof(uint)), out BtfType member))
                continue;

            uint word = owner.WordAt(at + (2 * sizeof(uint)));
            (ulong offset, uint bits) = type.HasKindFlag ? (word & 0xFF_FFFFU, word >> 24) : (word, 0U);
            if (!isAnonymous)
            {
                field = Place(in member, offset, bits);
                return true;
            }

            if (depth < Limits.MaxTypeDepth && TryResolve(in member, out BtfType inner) && inner.IsComposite &&
                TryFindMember(in inner, name, depth + 1, ref budget, out field))
            {
                field = field with { BitOffset = field.BitOffset + offset };
                return true;
            }
        }

        return false;
    }

    /// <summary>A bit-field has its size beside its offset, or, in the older way, in a type of its own.</summary>
    private static BtfField Place(in BtfType member, ulong offset, uint bits)
    {
        ulong size = SizeOf(in member);
        if (bits == 0 && TryResolve(in member, out BtfType number) && number.Kind == BtfKind.Int)
        {
            uint encoding = number.Owner.WordAt(number.Data);
            uint width = encoding & 0xFF;
            if (width != size * 8)
            {
                bits = width;
                offset += (encoding >> 16) & 0xFF;
            }
        }

        return new BtfField(offset, bits, size, member);
    }

    private static ulong Multiply(ulong one, ulong other) => Math.BigMul(one, other, out ulong low) == 0 ? low : 0;

    private uint WordAt(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Types[offset..]);
}
