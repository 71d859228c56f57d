namespace Engine.Memory;

/// <summary>Paging mode of a vCPU (SDM 3A, 4.1.1).</summary>
internal enum PagingMode
{
    /// <summary>CR0.PG clear: linear addresses are physical.</summary>
    None,

    /// <summary>32-bit paging.</summary>
    Bits32,

    /// <summary>PAE paging.</summary>
    Pae,

    /// <summary>4-level paging.</summary>
    Level4,

    /// <summary>5-level paging.</summary>
    Level5,
}
