using System;
using System.Collections.Generic;

namespace Engine.Symbols.Btf;

/// <summary>
/// What the types of a module's own, "distilled" base are in the kernel's types (spec/33, 3.2): the base has of each type that the module
/// names only its name, kind and size, so that the module does not depend on the kernel's numbers.
/// </summary>
internal sealed class BtfBaseMap : IDisposable
{
    /// <summary>The number of no type.</summary>
    private const uint Nothing = uint.MaxValue;

    private readonly BtfTypes _distilled;
    private readonly BtfTypes _kernel;
    private NativeTable<uint> _ids = new(0);

    /// <param name="distilled">The module's base, already built; it is disposed of with this.</param>
    /// <param name="kernel">The kernel's types.</param>
    public BtfBaseMap(BtfTypes distilled, BtfTypes kernel)
    {
        _distilled = distilled;
        _kernel = kernel;
    }

    /// <summary>Number of types of the base.</summary>
    public uint Count => (uint)_distilled.Count;

    /// <summary>Bytes of texts of the base.</summary>
    public uint TextBytes => (uint)_distilled.TextBytes;

    /// <summary>Types that the kernel does not have, or not like that.</summary>
    public int Missing { get; private set; }

    /// <summary>Looks all of them up.</summary>
    public IEnumerable<WorkStep> Build()
    {
        _ids = new NativeTable<uint>(_distilled.Count + 1);
        for (uint id = 1; id <= Count; id++)
        {
            uint found = Find(id);
            _ids[(int)id] = found;
            Missing += found == Nothing ? 1 : 0;
            if (id % Limits.MappedTypesPerStep == 0)
                yield return default;
        }
    }

    /// <summary>The kernel's number for one of the base.</summary>
    public uint Translate(uint id) => id < (uint)_ids.Length ? _ids[(int)id] : Nothing;

    /// <summary>A text of the base, and what follows it.</summary>
    public ReadOnlySpan<byte> RestOfTexts(uint offset) => _distilled.RestOfTexts(offset);

    /// <inheritdoc/>
    public void Dispose()
    {
        _distilled.Dispose();
        _ids.Dispose();
    }

    private uint Find(uint id)
    {
        if (!_distilled.TryGet(id, out BtfType wanted))
            return Nothing;
        ReadOnlySpan<byte> name = wanted.Name;
        for (bool more = _kernel.TryFind(name, BtfKind.Void, out BtfType type); more; more = _kernel.TryFindNext(in type, name, BtfKind.Void, out type))
        {
            if (IsSame(in wanted, in type))
                return type.Id;
        }

        return Nothing;
    }

    private static bool IsSame(in BtfType wanted, in BtfType type) => wanted.Kind switch
    {
        // A declaration means the structure, wherever there is one.
        BtfKind.Forward => type.Kind == BtfKind.Forward || type.Kind == (wanted.HasKindFlag ? BtfKind.Union : BtfKind.Struct),
        BtfKind.Struct or BtfKind.Union => type.Kind == wanted.Kind && (wanted.SizeOrType == 0 || wanted.SizeOrType == type.SizeOrType),
        BtfKind.Enum or BtfKind.Enum64 =>
            type.Kind is BtfKind.Enum or BtfKind.Enum64 && wanted.SizeOrType == type.SizeOrType,
        BtfKind.Int or BtfKind.Float => type.Kind == wanted.Kind && wanted.SizeOrType == type.SizeOrType,
        _ => type.Kind == wanted.Kind,
    };
}
