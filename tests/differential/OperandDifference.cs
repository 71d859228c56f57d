namespace Tests.Differential;

/// <summary>Why the engine and Zydis say different things of an instruction: all the differences there are.</summary>
internal enum OperandDifference
{
    /// <summary>They agree.</summary>
    None,

    /// <summary>NOP, PREFETCH, INVLPG: Zydis lists the operand that is named, the engine only what is accessed.</summary>
    NothingAccessed,

    /// <summary>BT and its like with a register: Zydis gives the operand that is named, the engine the one in which the bit lies.
    /// </summary>
    BitString,

    /// <summary>POP relative to RSP: the address is computed after the increment (SDM 2B), Zydis computes it before.</summary>
    PopRelativeToStack,

    /// <summary>CLFLUSH and its like: Zydis gives the byte that is named, the engine its line.</summary>
    CacheLine,

    /// <summary>A far return may pop RSP and SS, too; Zydis lists what is always popped.</summary>
    OuterLevel,

    /// <summary>INT3 and its like: Zydis lists neither the gate nor the frame.</summary>
    InterruptFrame,

    /// <summary>MONITOR, ENCLS and others: Zydis does not list what they name by a register.</summary>
    ImpliedOperand,
}
