namespace Engine.Memory;

/// <summary>A page that the glue has mapped, for the time of one access; from <see cref="MappedPages.TryOpen"/> to
/// <see cref="MappedPages.Close"/>.</summary>
internal unsafe ref struct MappedPage
{
    /// <summary>Guest-physical address of the page.</summary>
    public ulong Gpa;

    /// <summary>Where it is in this process. It may fault: only the shim's guarded functions may touch it.</summary>
    public byte* Host;

    /// <summary>Whether it is one of those that are kept; else it was mapped just now.</summary>
    public bool IsKept;

    /// <summary>Number of flushes before it was mapped.</summary>
    public ulong Generation;
}
