namespace Engine.Instructions;

/// <summary>Which part of the OperandLister an instruction belongs to.</summary>
internal enum OperandPart : byte
{
    /// <summary>The decoder's tables say it all.</summary>
    Tables,

    /// <summary>PUSH, POP, ENTER, LEAVE and their like.</summary>
    Stack,

    /// <summary>CALL, RET, INT, IRET: what leaves the path of execution with a frame.</summary>
    Transfer,

    /// <summary>BT and its like with the number of the bit in a register.</summary>
    Bits,

    /// <summary>XSAVE, XRSTOR and their like.</summary>
    SaveArea,

    /// <summary>A vector register is the mask: VMASKMOVPS, MASKMOVDQU and their like.</summary>
    Mask,

    /// <summary>Tiles of AMX.</summary>
    Tile,

    /// <summary>Single ones.</summary>
    System,
}
