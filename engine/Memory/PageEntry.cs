namespace Engine.Memory;

/// <summary>Bits of a paging entry (SDM 3A, 4.3 to 4.5). Where a bit has another meaning in one level, it is said.</summary>
internal static class PageEntry
{
    /// <summary>P.</summary>
    public const ulong Present = 1;

    /// <summary>R/W.</summary>
    public const ulong Writable = 1 << 1;

    /// <summary>U/S.</summary>
    public const ulong User = 1 << 2;

    /// <summary>PWT, the lowest bit of the PAT index.</summary>
    public const ulong WriteThrough = 1 << 3;

    /// <summary>PCD, the middle bit of the PAT index.</summary>
    public const ulong CacheDisable = 1 << 4;

    /// <summary>A.</summary>
    public const ulong Accessed = 1 << 5;

    /// <summary>D, in a leaf.</summary>
    public const ulong Dirty = 1 << 6;

    /// <summary>PS: the entry of an upper level is a leaf. In the last level it is <see cref="Pat4K"/>.</summary>
    public const ulong LargePage = 1 << 7;

    /// <summary>PAT, the highest bit of the PAT index, in the entry of a 4 KiB page.</summary>
    public const ulong Pat4K = 1 << 7;

    /// <summary>G, in a leaf.</summary>
    public const ulong Global = 1 << 8;

    /// <summary>PAT in the entry of a large page.</summary>
    public const ulong PatLarge = 1 << 12;

    /// <summary>Bits of the address of a frame or a table, if the processor has all 52.</summary>
    public const ulong AddressMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>Lowest bit of the protection key of a leaf, which has four.</summary>
    public const int KeyShift = 59;

    /// <summary>XD.</summary>
    public const ulong NoExecute = 1UL << 63;

    /// <summary>What the processor itself sets while it translates.</summary>
    public const ulong SetByProcessor = Accessed | Dirty;
}
