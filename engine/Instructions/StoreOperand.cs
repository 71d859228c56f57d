namespace Engine.Instructions;

/// <summary>A memory operand that an instruction writes.</summary>
internal readonly struct StoreOperand
{
    /// <summary>Linear address of its first byte.</summary>
    public readonly ulong Linear;

    /// <summary>Its bytes; 0 where the instruction does not say (XSAVE and its like, repeated ones) or stores in several places.
    /// </summary>
    public readonly int Size;

    public StoreOperand(ulong linear, int size)
    {
        Linear = linear;
        Size = size;
    }
}
