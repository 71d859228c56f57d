namespace Engine.Symbols.Btf;

/// <summary>A member of a structure, through as many structures as its path names.</summary>
/// <param name="BitOffset">Bits from the begin of the outermost structure.</param>
/// <param name="BitSize">Bits of a bit-field; 0: it is none.</param>
/// <param name="Size">Bytes of its type; 0 where that has none.</param>
/// <param name="Type">Its type, as declared.</param>
internal readonly record struct BtfField(ulong BitOffset, uint BitSize, ulong Size, BtfType Type)
{
    /// <summary>Bytes from the begin of the outermost structure; of a bit-field, those before the byte that it begins in.</summary>
    public int Offset => (int)(BitOffset / 8);
}
