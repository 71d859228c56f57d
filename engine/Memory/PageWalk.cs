using System.Runtime.CompilerServices;
using Engine.Abi;

namespace Engine.Memory;

/// <summary>
/// Translates linear addresses by walking the guest's page tables (SDM 3A, chapter 4). At most five entries are read, each
/// once, whatever they hold: tables that loop or point outside memory end in a status.
/// </summary>
/// <remarks>
/// <para>Statuses. <see cref="IntStatus.PageNotPresent"/>: the page is absent, and its entry is what the guest keeps there;
/// <see cref="IntStatus.NoMappingStructures"/>: an upper level is absent; <see cref="IntStatus.InvalidParameter2"/>: the address is
/// not canonical; <see cref="IntStatus.AccessViolation"/>: a table is not in memory; <see cref="IntStatus.CorruptedData"/>: an
/// entry has a reserved bit set.</para>
/// <para>The tables may change during the walk. Each entry of the answer was in memory at some moment of it; a change of one entry
/// therefore gives the answer of before or of after, and of several at once may give a mixture, as the processor's own walk
/// may.</para>
/// <para>In PAE paging the processor keeps the four pointers that were there when CR3 was loaded (SDM 3A, 4.4.1); the walk reads
/// those that are there now.</para>
/// </remarks>
internal static unsafe class PageWalk
{
    private const ulong HighIgnored = 0x7FF0_0000_0000_0000;
    private const ulong PointerReserved = 0x1E6 | 0xFFF0_0000_0000_0000;
    private const ulong Reserved4M = 1 << 21;

    /// <summary>Lowest address bit that indexes the last table, and the highest that indexes one whose entry can be a page.</summary>
    private const int LeafShift = 12, LargestShift = 30;

    /// <summary>Finds the guest-physical address of a linear one, which is 0 without success; by what is remembered for the context's
    /// vCPU where that still holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntStatus Translate(GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical)
    {
        TranslationCache? cache = memory.TranslationsOf(paging.Vcpu);
        return cache is not null && cache.TryFind(memory, in paging, linear, out physical)
            ? IntStatus.Success
            : TranslateSlowly(memory, in paging, linear, cache, out physical, out _);
    }

    /// <summary>The same, and the rights of its page.</summary>
    public static IntStatus Translate(
        GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical, out PageRights rights)
    {
        TranslationCache? cache = memory.TranslationsOf(paging.Vcpu);
        return cache is not null && cache.TryFind(memory, in paging, linear, out physical, out rights)
            ? IntStatus.Success
            : TranslateSlowly(memory, in paging, linear, cache, out physical, out rights);
    }

    /// <summary>The same, after <see cref="TranslationCache.TryFind(GuestMemory, in PagingContext, ulong, out ulong)"/> has not found
    /// it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static IntStatus TranslateSlowly(
        GuestMemory memory, in PagingContext paging, ulong linear, TranslationCache? cache, out ulong physical, out PageRights rights)
    {
        if (cache is not null && cache.TryRecheck(memory, in paging, linear, out physical, out rights))
            return IntStatus.Success;

        ulong generation = memory.Generation;
        IntStatus status = Walk(memory, in paging, linear, out Translation translation);
        physical = translation.Physical;
        rights = translation.Rights;
        if (cache is not null && status == IntStatus.Success)
            cache.Remember(generation, in paging, linear, in translation);
        return status;
    }

    /// <summary>Walks the tables, and says all that is found on the way. What was read before a failure is in it, too.</summary>
    public static IntStatus Walk(GuestMemory memory, in PagingContext paging, ulong linear, out Translation translation)
    {
        switch (paging.Mode)
        {
            case PagingMode.Level4:
                return Walk64(memory, in paging, linear, levels: 4, out translation);
            case PagingMode.Level5:
                return Walk64(memory, in paging, linear, levels: 5, out translation);
            case PagingMode.Pae:
                return WalkPae(memory, in paging, (uint)linear, out translation);
            case PagingMode.Bits32:
                return Walk32(memory, in paging, (uint)linear, out translation);
            default:
                Translation.Begin(out translation, PagingMode.None, (uint)linear);
                translation.EndUnpaged();
                return IntStatus.Success;
        }
    }

    private static IntStatus Walk64(
        GuestMemory memory, in PagingContext paging, ulong linear, int levels, out Translation translation)
    {
        Translation.Begin(out translation, paging.Mode, linear);
        int unusedBits = 64 - (12 + (9 * levels));
        if ((ulong)((long)(linear << unusedBits) >> unusedBits) != linear)
            return IntStatus.InvalidParameter2;

        ulong reserved = memory.ReservedAddressBits | (paging.HasNoExecute ? 0 : PageEntry.NoExecute);
        return Descend(memory, ref translation, paging.Cr3 & PageEntry.AddressMask, levels, number: 0, entry: 0, reserved);
    }

    private static IntStatus WalkPae(GuestMemory memory, in PagingContext paging, uint linear, out Translation translation)
    {
        Translation.Begin(out translation, PagingMode.Pae, linear);
        ulong address = paging.Root + ((linear >> 30) * 8UL);
        if (!memory.TryRead(address, out ulong pointer))
            return IntStatus.AccessViolation;

        translation.Note(0, address, pointer, null);
        translation.EndReading(1, ulong.MaxValue, 0, pointer);
        if ((pointer & PageEntry.Present) == 0)
            return IntStatus.NoMappingStructures;
        if ((pointer & (PointerReserved | memory.ReservedAddressBits)) != 0)
            return IntStatus.CorruptedData;

        ulong reserved = HighIgnored | memory.ReservedAddressBits | (paging.HasNoExecute ? 0 : PageEntry.NoExecute);
        return Descend(memory, ref translation, pointer & PageEntry.AddressMask, levels: 2, number: 1, pointer, reserved);
    }

    /// <summary>Walks the levels whose entries have 8 bytes.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="translation">What is found.</param>
    /// <param name="table">First table.</param>
    /// <param name="levels">Number of levels: 1 is the page table alone, 5 begins with the PML5.</param>
    /// <param name="number">Entries that were read before.</param>
    /// <param name="entry">The last of them.</param>
    /// <param name="reserved">Bits that must be 0 in every entry.</param>
    private static IntStatus Descend(
        GuestMemory memory, ref Translation translation, ulong table, int levels, int number, ulong entry, ulong reserved)
    {
        ulong linear = translation.Linear;
        ulong checkedBits = reserved | PageEntry.Present;
        ulong all = ulong.MaxValue;
        ulong any = 0;
        IntStatus status = IntStatus.AccessViolation;
        for (int shift = LeafShift + (9 * (levels - 1)); ; shift -= 9)
        {
            ulong address = table + (((linear >> shift) & 0x1FF) * 8);
            if (!memory.TryReadEntry(address, out ulong read, out byte* host))
                break;

            entry = read;
            translation.Note(number++, address, entry, host);
            if ((entry & checkedBits) != PageEntry.Present)
            {
                status = (entry & PageEntry.Present) != 0 ? IntStatus.CorruptedData
                    : shift == LeafShift ? IntStatus.PageNotPresent
                    : IntStatus.NoMappingStructures;
                break;
            }

            if (shift == LeafShift || (entry & PageEntry.LargePage) != 0)
            {
                // A page of 512 GiB or more does not exist: PS is reserved there. The bits of a large page's address that are below
                // its size are reserved, but for the lowest one, which is PAT.
                ulong offsetMask = (1UL << shift) - 1;
                status = IntStatus.CorruptedData;
                if (shift > LargestShift || (entry & offsetMask & ~(PageEntry.PatLarge | 0xFFF)) != 0)
                    break;

                all &= entry;
                any |= entry;
                translation.End((entry & PageEntry.AddressMask & ~offsetMask) | (linear & offsetMask), offsetMask + 1);
                status = IntStatus.Success;
                break;
            }

            all &= entry;
            any |= entry;
            table = entry & PageEntry.AddressMask;
        }

        translation.EndReading(number, all, any, entry);
        return status;
    }

    private static IntStatus Walk32(GuestMemory memory, in PagingContext paging, uint linear, out Translation translation)
    {
        Translation.Begin(out translation, PagingMode.Bits32, linear);
        ulong address = paging.Root + ((linear >> 22) * 4UL);
        if (!memory.TryRead(address, out uint directory))
            return IntStatus.AccessViolation;
        translation.Note(0, address, directory, null);
        translation.EndReading(1, ulong.MaxValue, 0, directory);
        if ((directory & PageEntry.Present) == 0)
            return IntStatus.NoMappingStructures;

        if ((directory & PageEntry.LargePage) != 0 && paging.HasLargePages32)
        {
            // PSE-36: bits 13 to 20 are bits 32 to 39 of the address.
            ulong high = (ulong)(directory & 0x001F_E000) << 19;
            if ((directory & Reserved4M) != 0 || (high & memory.ReservedAddressBits) != 0)
                return IntStatus.CorruptedData;
            translation.EndReading(1, directory, directory, directory);
            translation.End(high | (directory & 0xFFC0_0000) | (linear & 0x003F_FFFF), 1UL << 22);
            return IntStatus.Success;
        }

        translation.EndReading(1, directory, directory, directory);
        address = (directory & 0xFFFF_F000) + (((linear >> 12) & 0x3FF) * 4UL);
        if (!memory.TryRead(address, out uint entry))
            return IntStatus.AccessViolation;
        translation.Note(1, address, entry, null);
        translation.EndReading(2, directory, directory, entry);
        if ((entry & PageEntry.Present) == 0)
            return IntStatus.PageNotPresent;

        translation.EndReading(2, directory & entry, directory | entry, entry);
        translation.End((entry & 0xFFFF_F000) | (linear & 0xFFF), 4096);
        return IntStatus.Success;
    }
}
