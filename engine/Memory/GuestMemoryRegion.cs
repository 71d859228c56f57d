namespace Engine.Memory;

/// <summary>A range of guest-physical memory that the glue has declared: [Gpa, Gpa + Size) is at Host in this process.</summary>
internal readonly unsafe struct GuestMemoryRegion
{
    public readonly ulong Gpa;
    public readonly ulong Size;
    public readonly byte* Host;

    public GuestMemoryRegion(ulong gpa, ulong size, byte* host)
    {
        Gpa = gpa;
        Size = size;
        Host = host;
    }

    /// <summary>Tells whether the two ranges share a byte. Sizes are never 0, and no range wraps.</summary>
    public bool Overlaps(ulong gpa, ulong size) => gpa - Gpa < Size || Gpa - gpa < size;
}
