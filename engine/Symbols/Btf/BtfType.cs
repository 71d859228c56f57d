namespace Engine.Symbols.Btf;

/// <summary>One record of a type as it stands in the blob that it was found in.</summary>
/// <param name="Owner">The types that the record is of: its members' numbers and texts mean what they mean there.</param>
/// <param name="Id">Its number there.</param>
/// <param name="NameOffset">Its name.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Count">Number of members, enumerators, parameters or variables.</param>
/// <param name="HasKindFlag">Members have sizes in bits; enumerators are signed; a forward declaration is of a union.</param>
/// <param name="SizeOrType">Bytes, or the number of another type.</param>
/// <param name="Data">Where the rest of the record is in the types.</param>
internal readonly record struct BtfType(
    BtfTypes Owner, uint Id, uint NameOffset, BtfKind Kind, int Count, bool HasKindFlag, uint SizeOrType, int Data)
{
    /// <summary>Whether it has members.</summary>
    public bool IsComposite => Kind is BtfKind.Struct or BtfKind.Union;

    /// <summary>Whether it stands for another type, with another name or a qualifier.</summary>
    public bool IsAlias => Kind is BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or BtfKind.TypeTag;

    /// <summary>Its name; empty if it has none.</summary>
    public System.ReadOnlySpan<byte> Name => Owner.TextAt(NameOffset);
}
