namespace Engine.Symbols.Kallsyms;

/// <summary>How an address is written (spec/33, 2.2).</summary>
internal enum KallsymsEncoding
{
    /// <summary>The address itself, 8 bytes.</summary>
    Absolute,

    /// <summary>4 bytes, unsigned, to be added to the base.</summary>
    Relative,

    /// <summary>4 bytes, signed: as it is if it is not negative, else subtracted from the base, less 1. Offsets in the areas of
    /// processors are of the first kind.</summary>
    RelativePerCpu,

    /// <summary>4 bytes, signed, to be added to the address of the entry itself.</summary>
    PlaceRelative,
}
