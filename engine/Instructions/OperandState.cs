namespace Engine.Instructions;

/// <summary>What is known of a memory operand.</summary>
internal enum OperandState : byte
{
    /// <summary>Address and size.</summary>
    Known,

    /// <summary>The address, and not how many bytes.</summary>
    UnknownSize,

    /// <summary>That there is one; a register or a descriptor that it depends on is not known.</summary>
    Unknown,

    /// <summary>Nothing is accessed: #GP or #SS follows, since it does not lie within its segment or is not canonical.</summary>
    Faults,
}
