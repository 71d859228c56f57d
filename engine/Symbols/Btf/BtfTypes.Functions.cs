using System;

namespace Engine.Symbols.Btf;

/// <content>Functions and their parameters.</content>
internal sealed partial class BtfTypes
{
    private const int ParameterSize = 8;

    /// <summary>The prototype of a function, which the compiler has left as it is: clones (".isra", ".constprop") have none.</summary>
    public bool TryFindPrototype(ReadOnlySpan<byte> function, out BtfType prototype)
    {
        if (TryFind(function, BtfKind.Function, out BtfType type) && TryGet(type.SizeOrType, out prototype) &&
            prototype.Kind == BtfKind.Prototype)
        {
            return true;
        }

        prototype = default;
        return _base is not null && _base.TryFindPrototype(function, out prototype);
    }

    /// <summary>A parameter of a prototype, from 0 to its Count - 1.</summary>
    public static BtfParameter ParameterOf(in BtfType prototype, int index)
    {
        int at = prototype.Data + (index * ParameterSize);
        return new BtfParameter(prototype.Owner.WordAt(at), prototype.Owner.WordAt(at + sizeof(uint)));
    }

    /// <summary>
    /// Which parameter of a function is a pointer to a structure, from 0 on: by its type, since the places of parameters change from one
    /// kernel to the next (spec/33, 3.3). -1: none is, or the function has no prototype.
    /// </summary>
    public int FindParameter(ReadOnlySpan<byte> function, ReadOnlySpan<byte> structure)
    {
        if (!TryFindPrototype(function, out BtfType prototype))
            return -1;
        for (int i = 0; i < prototype.Count; i++)
        {
            if (prototype.Owner.TryGet(ParameterOf(in prototype, i).TypeId, out BtfType type) &&
                TryResolve(in type, out BtfType pointer) && pointer.Kind == BtfKind.Pointer && TryGetTarget(in pointer, out BtfType target) &&
                TryResolve(in target, out BtfType resolved) && resolved.IsComposite && resolved.Owner.IsName(resolved.NameOffset, structure))
            {
                return i;
            }
        }

        return -1;
    }
}
