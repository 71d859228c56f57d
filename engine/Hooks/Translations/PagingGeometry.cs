using System.Runtime.CompilerServices;
using Engine.Memory;

namespace Engine.Hooks.Translations;

/// <summary>
/// The shape of the tables of one paging mode, and what their entries mean (SDM 3A, 4.3 to 4.5). Level 1 is the table whose entries
/// are pages of 4096 bytes. PageWalk reads a whole way down; this looks at one entry by itself.
/// </summary>
internal readonly struct PagingGeometry
{
    private const int PageShift = 12;
    private const ulong PageMask = 0xFFF;
    private const ulong HighIgnored = 0x7FF0_0000_0000_0000;
    private const ulong PointerReserved = 0x1E6 | 0xFFF0_0000_0000_0000;
    private const ulong Reserved4M = 1 << 21;
    private const ulong CountedBits = PageEntry.AddressMask | PageEntry.Present | PageEntry.Writable | PageEntry.User | PageEntry.NoExecute;

    private readonly bool _largePages32;
    private readonly bool _noExecute;

    public PagingGeometry(in PagingContext paging)
    {
        Mode = paging.Mode;
        _largePages32 = paging.HasLargePages32;
        _noExecute = paging.HasNoExecute;
    }

    /// <summary>The mode; paging is on.</summary>
    public PagingMode Mode { get; }

    /// <summary>Number of levels; the root's.</summary>
    public int Levels => Mode switch { PagingMode.Level5 => 5, PagingMode.Level4 => 4, PagingMode.Pae => 3, _ => 2 };

    /// <summary>Bytes of an entry.</summary>
    public int EntrySize => Mode == PagingMode.Bits32 ? sizeof(uint) : sizeof(ulong);

    /// <summary>Bytes of a table of a level.</summary>
    public int TableSize(int level) => Mode == PagingMode.Pae && level == 3 ? 4 * sizeof(ulong) : 1 << PageShift;

    /// <summary>Lowest bit of a linear address that chooses an entry of a level.</summary>
    public int Shift(int level) => PageShift + ((Mode == PagingMode.Bits32 ? 10 : 9) * (level - 1));

    /// <summary>Which entry of the table of a level a linear address goes by.</summary>
    public int IndexOf(ulong linear, int level) =>
        (int)(linear >> Shift(level)) & (Mode == PagingMode.Bits32 ? 0x3FF : Mode == PagingMode.Pae && level == 3 ? 3 : 0x1FF);

    /// <summary>A linear address as the mode takes it. False: it is not canonical.</summary>
    public bool TryNormalise(ref ulong linear)
    {
        if (Mode < PagingMode.Level4)
        {
            linear = (uint)linear;
            return true;
        }

        int unused = 64 - (PageShift + (9 * Levels));
        return (ulong)((long)(linear << unused) >> unused) == linear;
    }

    /// <summary>Bits of an entry of a level whose change can change a translation: not accessed, dirty, and what is ignored. The pointers of
    /// PAE have neither of these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong CountedBitsOf(int level)
    {
        ulong bits = level == 1 ? CountedBits : CountedBits | PageEntry.LargePage;
        return Mode != PagingMode.Pae ? bits : level == 3 ? bits | PointerReserved : bits | HighIgnored;
    }

    /// <summary>What an entry of a level leads to, and where.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="level">Its level.</param>
    /// <param name="reservedBits">GuestMemory.ReservedAddressBits.</param>
    /// <param name="address">The table, or the first byte of the page.</param>
    public EntryKind Decode(ulong entry, int level, ulong reservedBits, out ulong address)
    {
        address = 0;
        if ((entry & PageEntry.Present) == 0)
            return EntryKind.Absent;
        if (Mode == PagingMode.Bits32)
            return Decode32(entry, level, reservedBits, out address);

        ulong reserved = reservedBits | (_noExecute ? 0 : PageEntry.NoExecute);
        if (Mode == PagingMode.Pae)
            reserved |= level == 3 ? PointerReserved : HighIgnored;
        if ((entry & reserved) != 0)
            return EntryKind.Absent;

        bool isPage = level == 1 || ((entry & PageEntry.LargePage) != 0 && !(Mode == PagingMode.Pae && level == 3));
        if (!isPage)
        {
            address = entry & PageEntry.AddressMask;
            return EntryKind.Table;
        }

        // A page of 512 GiB does not exist. The bits below the size of a large page are reserved, but for PAT.
        ulong offsetMask = (1UL << Shift(level)) - 1;
        if (level > 3 || (entry & offsetMask & ~(PageEntry.PatLarge | PageMask)) != 0)
            return EntryKind.Absent;
        address = entry & PageEntry.AddressMask & ~offsetMask;
        return EntryKind.Page;
    }

    /// <summary>The rights below an entry that is present.</summary>
    public TranslationFlags Combine(TranslationFlags above, ulong entry, int level)
    {
        if (Mode == PagingMode.Pae && level == 3)
            return above;
        TranslationFlags allowed = TranslationFlags.Present | TranslationFlags.NoExecute;
        if ((entry & PageEntry.Writable) != 0)
            allowed |= TranslationFlags.Writable;
        if ((entry & PageEntry.User) != 0)
            allowed |= TranslationFlags.User;
        TranslationFlags flags = above & allowed;
        return _noExecute && (entry & PageEntry.NoExecute) != 0 ? flags | TranslationFlags.NoExecute : flags;
    }

    /// <summary>The translation of a page of 4096 bytes by an entry that is its own, or that of the large page around it.</summary>
    public PageTranslation PageAt(ulong linear, ulong entry, int level, ulong address, TranslationFlags above) => new()
    {
        Entry = entry,
        Physical = address + (linear & ((1UL << Shift(level)) - 1) & ~PageMask),
        Flags = Combine(above, entry, level),
        SizeShift = (byte)Shift(level),
    };

    private EntryKind Decode32(ulong entry, int level, ulong reservedBits, out ulong address)
    {
        address = entry & 0xFFFF_F000;
        if (level == 1)
            return EntryKind.Page;
        if ((entry & PageEntry.LargePage) == 0 || !_largePages32)
            return EntryKind.Table;

        // PSE-36: bits 13 to 20 are bits 32 to 39 of the address.
        ulong high = (entry & 0x001F_E000) << 19;
        if ((entry & Reserved4M) != 0 || (high & reservedBits) != 0)
        {
            address = 0;
            return EntryKind.Absent;
        }

        address = high | (entry & 0xFFC0_0000);
        return EntryKind.Page;
    }
}
