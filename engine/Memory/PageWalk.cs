using System.Runtime.CompilerServices;
using Engine.Abi;

namespace Engine.Memory;

/// <summary>
/// Translates linear addresses by walking the guest's page tables (SDM 3A, chapter 4). At most five entries are read, each
/// once, whatever they hold: tables that loop or point outside memory end in a status.
/// </summary>
internal static class PageWalk
{
    private const ulong Present = 1;
    private const ulong PageSizeBit = 1 << 7;
    private const ulong AddressMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>
    /// Finds the guest-physical address of a linear one. <see cref="IntStatus.PageNotPresent"/>: the leaf is absent;
    /// <see cref="IntStatus.NoMappingStructures"/>: an upper level is; <see cref="IntStatus.InvalidParameter2"/>: the address is
    /// not canonical; <see cref="IntStatus.AccessViolation"/>: a table is not in memory; <see cref="IntStatus.CorruptedData"/>:
    /// an entry has a reserved bit set.
    /// </summary>
    public static IntStatus Translate(GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical)
    {
        switch (paging.Mode)
        {
            case PagingMode.Level4:
                return Walk64(memory, paging.Cr3, linear, levels: 4, out physical);
            case PagingMode.Level5:
                return Walk64(memory, paging.Cr3, linear, levels: 5, out physical);
            case PagingMode.Pae:
                return WalkPae(memory, paging.Cr3, (uint)linear, out physical);
            case PagingMode.Bits32:
                return Walk32(memory, paging, (uint)linear, out physical);
            default:
                physical = (uint)linear;
                return IntStatus.Success;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IntStatus Walk64(GuestMemory memory, ulong cr3, ulong linear, int levels, out ulong physical)
    {
        physical = 0;
        int unusedBits = 64 - (12 + (9 * levels));
        if ((ulong)((long)(linear << unusedBits) >> unusedBits) != linear)
            return IntStatus.InvalidParameter2;

        return Descend(memory, cr3 & AddressMask, linear, levels, out physical);
    }

    private static IntStatus WalkPae(GuestMemory memory, ulong cr3, uint linear, out ulong physical)
    {
        physical = 0;
        ulong pointerEntry = (cr3 & 0xFFFF_FFE0) + ((linear >> 30) * 8UL);
        if (!memory.TryRead(pointerEntry, out ulong entry))
            return IntStatus.AccessViolation;

        return (entry & Present) == 0
            ? IntStatus.NoMappingStructures
            : Descend(memory, entry & AddressMask, linear, levels: 2, out physical);
    }

    /// <summary>Walks the levels whose entries have 8 bytes: 1 is the page table, 5 the PML5.</summary>
    private static IntStatus Descend(GuestMemory memory, ulong table, ulong linear, int levels, out ulong physical)
    {
        physical = 0;
        for (int level = levels; level > 0; level--)
        {
            int shift = 12 + (9 * (level - 1));
            if (!memory.TryRead(table + (((linear >> shift) & 0x1FF) * 8), out ulong entry))
                return IntStatus.AccessViolation;

            if ((entry & Present) == 0)
                return level == 1 ? IntStatus.PageNotPresent : IntStatus.NoMappingStructures;

            if (level == 1 || (entry & PageSizeBit) != 0)
            {
                // A page of 512 GiB or more does not exist: the bit is reserved there.
                if (level > 3)
                    return IntStatus.CorruptedData;

                ulong offsetMask = (1UL << shift) - 1;
                physical = (entry & AddressMask & ~offsetMask) | (linear & offsetMask);
                return IntStatus.Success;
            }

            table = entry & AddressMask;
        }

        return IntStatus.NoMappingStructures;
    }

    private static IntStatus Walk32(GuestMemory memory, in PagingContext paging, uint linear, out ulong physical)
    {
        physical = 0;
        if (!memory.TryRead((paging.Cr3 & 0xFFFF_F000) + ((linear >> 22) * 4UL), out uint directory))
            return IntStatus.AccessViolation;
        if ((directory & Present) == 0)
            return IntStatus.NoMappingStructures;

        if ((directory & PageSizeBit) != 0 && paging.LargePages32)
        {
            // PSE-36: bits 13 to 20 are bits 32 to 39 of the address.
            physical = ((ulong)(directory & 0x001F_E000) << 19) | (directory & 0xFFC0_0000) | (linear & 0x003F_FFFF);
            return IntStatus.Success;
        }

        if (!memory.TryRead((directory & 0xFFFF_F000) + (((linear >> 12) & 0x3FF) * 4UL), out uint entry))
            return IntStatus.AccessViolation;
        if ((entry & Present) == 0)
            return IntStatus.PageNotPresent;

        physical = (entry & 0xFFFF_F000) | (linear & 0xFFF);
        return IntStatus.Success;
    }
}
