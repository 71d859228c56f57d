namespace Engine.Memory;

/// <summary>The registers that a page walk depends on.</summary>
internal readonly struct PagingContext
{
    private const ulong Cr0Pg = 1UL << 31;
    private const ulong Cr4Pse = 1UL << 4;
    private const ulong Cr4Pae = 1UL << 5;
    private const ulong Cr4La57 = 1UL << 12;
    private const ulong EferLma = 1UL << 10;

    public readonly ulong Cr3;
    public readonly PagingMode Mode;

    /// <summary>CR4.PSE: 4 MiB pages in 32-bit paging.</summary>
    public readonly bool LargePages32;

    public PagingContext(ulong cr0, ulong cr3, ulong cr4, ulong efer)
    {
        Cr3 = cr3;
        LargePages32 = (cr4 & Cr4Pse) != 0;
        Mode = (cr0 & Cr0Pg) == 0 ? PagingMode.None
            : (efer & EferLma) != 0 ? (cr4 & Cr4La57) != 0 ? PagingMode.Level5 : PagingMode.Level4
            : (cr4 & Cr4Pae) != 0 ? PagingMode.Pae
            : PagingMode.Bits32;
    }
}
