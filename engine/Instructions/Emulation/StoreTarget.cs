namespace Engine.Instructions.Emulation;

/// <summary>Where in guest-physical memory a store goes: one page, or two. A page that a masked store leaves alone has size 0.
/// </summary>
internal readonly struct StoreTarget
{
    private const ulong PageMask = 0xFFF;

    /// <summary>Guest-physical address of the run's first byte.</summary>
    public readonly ulong First;

    /// <summary>Bytes of the run in the first page.</summary>
    public readonly int FirstSize;

    /// <summary>Guest-physical address of the second page.</summary>
    public readonly ulong Second;

    /// <summary>Bytes of the run in the second page.</summary>
    public readonly int SecondSize;

    public StoreTarget(ulong first, int firstSize, ulong second, int secondSize)
    {
        First = first;
        FirstSize = firstSize;
        Second = second;
        SecondSize = secondSize;
    }

    /// <summary>Whether it touches the frame of an address.</summary>
    public bool IsInFrameOf(ulong gpa) =>
        (FirstSize != 0 && ((First ^ gpa) & ~PageMask) == 0) || (SecondSize != 0 && ((Second ^ gpa) & ~PageMask) == 0);
}
