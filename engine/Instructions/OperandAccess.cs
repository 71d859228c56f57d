using System;

namespace Engine.Instructions;

/// <summary>What an instruction does with a memory operand.</summary>
[Flags]
internal enum OperandAccess : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It is read.</summary>
    Read = 1,

    /// <summary>It is written.</summary>
    Write = 2,

    /// <summary>It is read, and then written.</summary>
    ReadWrite = Read | Write,

    /// <summary>That depends on something that is not known: a mask, a comparison, a descriptor, a count.</summary>
    Conditional = 4,
}
