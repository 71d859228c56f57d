namespace Engine.Symbols;

/// <summary>Linear addresses from <paramref name="Start"/> up to, and without, <paramref name="End"/>.</summary>
internal readonly record struct AddressRange(ulong Start, ulong End)
{
    /// <summary>Number of bytes.</summary>
    public ulong Size => End - Start;

    /// <summary>Whether an address lies in it.</summary>
    public bool Contains(ulong address) => address - Start < End - Start;

    /// <summary>Whether an address lies in it or is its end, as a symbol for the end of a section does.</summary>
    public bool Touches(ulong address) => address - Start <= End - Start;
}
