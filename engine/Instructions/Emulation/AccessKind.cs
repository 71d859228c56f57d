namespace Engine.Instructions.Emulation;

/// <summary>What an address is translated for.</summary>
internal enum AccessKind
{
    /// <summary>To compute a value; the guest sees nothing of it.</summary>
    Look,

    /// <summary>To read in the instruction's place: what the processor would mark as accessed must be.</summary>
    Read,

    /// <summary>To store in the instruction's place: it must be writable, accessed and dirty.</summary>
    Store,
}
