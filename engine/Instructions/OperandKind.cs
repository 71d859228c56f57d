namespace Engine.Instructions;

/// <summary>What a memory operand is.</summary>
internal enum OperandKind : byte
{
    /// <summary>An operand with a ModRM byte or an address in the instruction, and whatever is no other kind.</summary>
    Ordinary,

    /// <summary>On the stack: pushed, popped, a frame.</summary>
    Stack,

    /// <summary>Of a string instruction; it may repeat.</summary>
    String,

    /// <summary>One element of a gather or scatter, or one row of a tile.</summary>
    Element,

    /// <summary>A descriptor-table register in memory (LGDT and its like), or an entry of a table.</summary>
    Table,

    /// <summary>Of XSAVE, FXSAVE, FSAVE and their like.</summary>
    SaveArea,

    /// <summary>On the shadow stack.</summary>
    ShadowStack,

    /// <summary>A whole line of the cache.</summary>
    CacheLine,

    /// <summary>At a guest-physical address: <see cref="MemoryOperand.Linear"/> is none.</summary>
    Physical,
}
