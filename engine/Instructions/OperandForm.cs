namespace Engine.Instructions;

/// <summary>How the memory operands of an instruction are found.</summary>
internal enum OperandForm : byte
{
    /// <summary>Not looked at yet.</summary>
    New,

    /// <summary>It accesses no memory.</summary>
    None,

    /// <summary>One operand with a ModRM byte or an address in the instruction, all of it accessed.</summary>
    Plain,

    /// <summary>Anything else: see OperandLister.</summary>
    Listed,
}
