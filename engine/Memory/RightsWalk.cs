namespace Engine.Memory;

/// <summary>
/// Translates a linear address together with the rights of its page, for what the engine does in a guest instruction's place.
/// PageWalk, which only translates, is the faster one.
/// </summary>
internal static class RightsWalk
{
    private const ulong Present = 1;
    private const ulong Writable = 1 << 1;
    private const ulong User = 1 << 2;
    private const ulong Accessed = 1 << 5;
    private const ulong Dirty = 1 << 6;
    private const ulong PageSizeBit = 1 << 7;
    private const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
    private const int KeyShift = 59;

    /// <summary>Finds the guest-physical address and the rights. False: not mapped, not canonical, or a table is not in memory.
    /// </summary>
    public static bool TryTranslate(
        GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical, out PageRights rights)
    {
        rights = default;
        switch (paging.Mode)
        {
            case PagingMode.Level4 or PagingMode.Level5:
                int levels = paging.Mode == PagingMode.Level5 ? 5 : 4;
                int unused = 64 - (12 + (9 * levels));
                physical = 0;
                return (ulong)((long)(linear << unused) >> unused) == linear &&
                    TryDescend(memory, paging.Cr3 & AddressMask, linear, levels, out physical, out rights);
            case PagingMode.Pae:
                physical = 0;
                return memory.TryRead((paging.Cr3 & 0xFFFF_FFE0) + (((uint)linear >> 30) * 8UL), out ulong pointer) &&
                    (pointer & Present) != 0 &&
                    TryDescend(memory, pointer & AddressMask, (uint)linear, levels: 2, out physical, out rights);
            case PagingMode.Bits32:
                return TryWalk32(memory, in paging, (uint)linear, out physical, out rights);
            default:
                physical = (uint)linear;
                rights = new PageRights { IsUser = true, IsWritable = true, IsAccessed = true, IsDirty = true };
                return true;
        }
    }

    private static bool TryDescend(
        GuestMemory memory, ulong table, ulong linear, int levels, out ulong physical, out PageRights rights)
    {
        physical = 0;
        rights = default;
        ulong all = ulong.MaxValue;
        for (int level = levels; level > 0; level--)
        {
            int shift = 12 + (9 * (level - 1));
            if (!memory.TryRead(table + (((linear >> shift) & 0x1FF) * 8), out ulong entry) || (entry & Present) == 0)
                return false;

            all &= entry;
            if (level == 1 || (entry & PageSizeBit) != 0)
            {
                ulong offsetMask = (1UL << shift) - 1;
                physical = (entry & AddressMask & ~offsetMask) | (linear & offsetMask);
                rights = Combine(all, entry) with { Key = (int)(entry >> KeyShift) & 15 };
                return level <= 3;
            }

            table = entry & AddressMask;
        }

        return false;
    }

    private static bool TryWalk32(
        GuestMemory memory, in PagingContext paging, uint linear, out ulong physical, out PageRights rights)
    {
        physical = 0;
        rights = default;
        if (!memory.TryRead((paging.Cr3 & 0xFFFF_F000) + ((linear >> 22) * 4UL), out uint directory) || (directory & Present) == 0)
            return false;

        if ((directory & PageSizeBit) != 0 && paging.LargePages32)
        {
            physical = ((ulong)(directory & 0x001F_E000) << 19) | (directory & 0xFFC0_0000) | (linear & 0x003F_FFFF);
            rights = Combine(directory, directory);
            return true;
        }

        if (!memory.TryRead((directory & 0xFFFF_F000) + (((linear >> 12) & 0x3FF) * 4UL), out uint entry) || (entry & Present) == 0)
            return false;
        physical = (entry & 0xFFFF_F000) | (linear & 0xFFF);
        rights = Combine(directory & entry, entry);
        return true;
    }

    private static PageRights Combine(ulong all, ulong leaf) => new()
    {
        IsUser = (all & User) != 0,
        IsWritable = (all & Writable) != 0,
        IsAccessed = (all & Accessed) != 0,
        IsDirty = (leaf & Dirty) != 0,
    };
}
