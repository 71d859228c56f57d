namespace Engine.Symbols.Btf;

/// <summary>Kind of a type (spec/33, 3.2).</summary>
internal enum BtfKind
{
#pragma warning disable CS1591 // the names are those of the format
    Void = 0,
    Int = 1,
    Pointer = 2,
    Array = 3,
    Struct = 4,
    Union = 5,
    Enum = 6,
    Forward = 7,
    Typedef = 8,
    Volatile = 9,
    Const = 10,
    Restrict = 11,
    Function = 12,
    Prototype = 13,
    Variable = 14,
    DataSection = 15,
    Float = 16,
    DeclarationTag = 17,
    TypeTag = 18,
    Enum64 = 19,
#pragma warning restore CS1591
}
