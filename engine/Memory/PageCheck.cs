namespace Engine.Memory;

/// <summary>What the processor would do with an access.</summary>
internal enum PageCheck
{
    /// <summary>Perform it.</summary>
    Allowed,

    /// <summary>Raise #PF.</summary>
    PageFault,

    /// <summary>Raise #GP or #SS: the address is not canonical.</summary>
    NotCanonical,

    /// <summary>It cannot be told: a table is where the engine sees no memory.</summary>
    Unknown,
}
