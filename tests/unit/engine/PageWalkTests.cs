using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using Engine.Abi;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

public sealed class PageWalkTests
{
    private const ulong Tables = 0x1000;
    private const ulong Kernel = 0xFFFF_8000_1234_5000;
    private const ulong Low = 0x1234_5000;

    [Theory]
    [InlineData(0, Low, 1)]
    [InlineData(1, Low, 2)]
    [InlineData(2, Low, 3)]
    [InlineData(3, Kernel, 4)]
    [InlineData(4, 0x00FE_8000_1234_5000UL, 5)]
    public void A4KPageIsFoundAndEachLevelIsNeeded(int mode, ulong linear, int levels)
    {
        using Walk walk = new((PagingMode)mode);
        if (mode == 0)
        {
            Assert.Equal((IntStatus.Success, 0x1234_5678UL), walk.Translate(0xFFFF_FFFF_1234_5678));
            return;
        }

        walk.Tables.Map(linear, 0x55000);
        Assert.Equal((IntStatus.Success, 0x55ABCUL), walk.Translate(linear + 0xABC));
        Assert.Equal((IntStatus.Success, 0x55FFFUL), walk.Translate(linear + 0xFFF));
        for (int level = 1; level <= levels; level++)
        {
            walk.Tables.Spoil(linear, level, clear: 1);
            IntStatus absent = level == 1 ? IntStatus.PageNotPresent : IntStatus.NoMappingStructures;
            Assert.Equal((absent, 0UL), walk.Translate(linear + 0xABC));
            walk.Tables.Spoil(linear, level, set: 1);
        }

        Assert.Equal((IntStatus.Success, 0x55ABCUL), walk.Translate(linear + 0xABC));
    }

    [Theory]
    [InlineData(1, Low, 2, 0x0000_0000_0800_0000UL, 0x003F_FFFFUL)]
    [InlineData(1, Low, 2, 0x0000_00AB_CC40_0000UL, 0x003F_FFFFUL)]
    [InlineData(2, Low, 2, 0x000A_BCDE_F020_0000UL, 0x001F_FFFFUL)]
    [InlineData(3, Kernel, 2, 0x000F_FFFF_FFE0_0000UL, 0x001F_FFFFUL)]
    [InlineData(3, Kernel, 3, 0x000F_FFFF_C000_0000UL, 0x3FFF_FFFFUL)]
    [InlineData(4, Kernel, 2, 0x0000_0000_0020_0000UL, 0x001F_FFFFUL)]
    [InlineData(4, Kernel, 3, 0x0000_0001_4000_0000UL, 0x3FFF_FFFFUL)]
    public void ALargePageIsFound(int mode, ulong linear, int level, ulong physical, ulong offsetMask)
    {
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(linear, physical, level);
        Assert.Equal((IntStatus.Success, physical | (linear & offsetMask)), walk.Translate(linear));
        Assert.Equal((IntStatus.Success, physical | offsetMask), walk.Translate(linear | offsetMask));
    }

    [Fact]
    public void BitsThatAreNotOfTheAddressDoNotGetIntoIt()
    {
        using Walk walk = new(PagingMode.Level4);
        walk.Tables.Map(Kernel, 0x40_0000, leafLevel: 2);

        // PAT of a large page is bit 12; then protection key, XD, global, dirty, accessed, user.
        walk.Tables.Spoil(Kernel, 2, set: (1UL << 12) | (0x7FFUL << 52) | PageTables.NoExecute | 0x1FE);
        Assert.Equal((IntStatus.Success, 0x54_5678UL), walk.Translate(Kernel + 0x678));

        // On the last level bit 7 is PAT, not a size.
        walk.Tables.Map(Kernel + 0x20_0000, 0x55000);
        walk.Tables.Spoil(Kernel + 0x20_0000, 1, set: PageTables.LargePage | PageTables.NoExecute | (0x7FFUL << 52));
        Assert.Equal((IntStatus.Success, 0x55678UL), walk.Translate(Kernel + 0x20_0678));
    }

    [Fact]
    public void FlagsAndThePcidInCr3AreNotOfTheAddress()
    {
        using Walk walk = new(PagingMode.Level4);
        walk.Tables.Map(Kernel, 0x55000);
        PagingContext paging = new(walk.Tables.Cr0, walk.Tables.Root | 0xFFF | (1UL << 63), walk.Tables.Cr4, walk.Tables.Efer);
        Assert.Equal(IntStatus.Success, PageWalk.Translate(walk.Memory, in paging, Kernel, out ulong physical));
        Assert.Equal(0x55000UL, physical);
    }

    [Fact]
    public void WithoutPse32BitPagingHasNoLargePages()
    {
        using Walk walk = new(PagingMode.Bits32);
        walk.Tables.Map(Low, 0x55000);
        walk.Tables.Spoil(Low, 2, set: PageTables.LargePage);
        PagingContext paging = new(0x8000_0001, walk.Tables.Root, 0, 0);
        Assert.Equal(IntStatus.Success, PageWalk.Translate(walk.Memory, in paging, Low, out ulong physical));
        Assert.Equal(0x55000UL, physical);
        Assert.NotEqual((IntStatus.Success, 0x55000UL), walk.Translate(Low));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A32BitModeIgnoresTheUpperHalfOfTheAddress(int mode)
    {
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(Low, 0x55000);
        Assert.Equal((IntStatus.Success, 0x55010UL), walk.Translate(0xABCD_EF01_0000_0000 + Low + 0x10));
    }

    [Theory]
    [InlineData(3, 0x0000_8000_0000_0000UL, false)]
    [InlineData(3, 0x0000_7FFF_FFFF_FFFFUL, true)]
    [InlineData(3, 0xFFFF_7FFF_FFFF_FFFFUL, false)]
    [InlineData(3, 0xFFFF_8000_0000_0000UL, true)]
    [InlineData(3, 0x8000_0000_0000_0000UL, false)]
    [InlineData(3, 0x7FFF_8000_0000_0000UL, false)]
    [InlineData(4, 0x0000_8000_0000_0000UL, true)]
    [InlineData(4, 0x00FF_FFFF_FFFF_FFFFUL, true)]
    [InlineData(4, 0x0100_0000_0000_0000UL, false)]
    [InlineData(4, 0xFEFF_FFFF_FFFF_FFFFUL, false)]
    [InlineData(4, 0xFF00_0000_0000_0000UL, true)]
    public void AnAddressThatIsNotCanonicalHasNoTranslation(int mode, ulong linear, bool canonical)
    {
        using Walk walk = new((PagingMode)mode);
        IntStatus expected = canonical ? IntStatus.NoMappingStructures : IntStatus.InvalidParameter2;
        Assert.Equal((expected, 0UL), walk.Translate(linear));
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(4, 4)]
    [InlineData(4, 5)]
    public void APageOf512GOrMoreDoesNotExist(int mode, int level)
    {
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(Kernel, 0x55000);
        walk.Tables.Spoil(Kernel, level, set: PageTables.LargePage);
        Assert.Equal((IntStatus.CorruptedData, 0UL), walk.Translate(Kernel));
    }

    [Theory]
    [InlineData(1, Low, 2)]
    [InlineData(2, Low, 3)]
    [InlineData(3, Kernel, 4)]
    [InlineData(4, Kernel, 5)]
    public void ATableOutsideMemoryEndsTheWalk(int mode, ulong linear, int levels)
    {
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(linear, 0x55000);
        for (int level = 2; level <= levels; level++)
        {
            ulong address = walk.Tables.EntryAddress(linear, level);
            ulong entry = walk.Tables.ReadEntry(address);
            walk.Tables.WriteEntry(address, mode == 1 ? 0x8000_0001UL : 0x000F_FFFF_FFFF_F001);
            Assert.Equal((IntStatus.AccessViolation, 0UL), walk.Translate(linear));
            walk.Tables.WriteEntry(address, entry);
        }

        PagingContext nowhere = new(walk.Tables.Cr0, 0xF000_0000, walk.Tables.Cr4, walk.Tables.Efer);
        Assert.Equal(IntStatus.AccessViolation, PageWalk.Translate(walk.Memory, in nowhere, linear, out _));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 4)]
    [InlineData(4, 5)]
    public void ATableThatNamesItselfIsReadAsEachLevelAndEnds(int mode, int levels)
    {
        using Walk walk = new((PagingMode)mode);
        int entries = mode == 1 ? 1024 : 512;
        int size = mode == 1 ? 4 : 8;
        for (int i = 0; i < entries; i++)
            walk.Tables.WriteEntry(walk.Tables.Root + (ulong)(i * size), walk.Tables.Root | 3);

        // All levels lead back to the table itself, so that it is the page.
        foreach (ulong linear in new[] { 0UL, 0x7FFF_F123UL, 0x1234_5678UL })
            Assert.Equal((IntStatus.Success, walk.Tables.Root | (linear & 0xFFF)), walk.Translate(linear));
        Assert.InRange(levels, 2, 5);
    }

    [Fact]
    public void ThePointersOfPaeAreFourAndMayBeginAtAny32Bytes()
    {
        using Walk walk = new(PagingMode.Pae);
        foreach (ulong linear in new[] { 0x0000_1000UL, 0x4000_1000UL, 0x8000_1000UL, 0xC000_1000UL })
            walk.Tables.Map(linear, 0x50000 + (linear >> 18));
        ulong moved = walk.Tables.Root + 0xFE0;
        for (int i = 0; i < 4; i++)
            walk.Ram.Write(moved + (ulong)(i * 8), walk.Ram.Read<ulong>(walk.Tables.Root + (ulong)(i * 8)));

        PagingContext paging = new(walk.Tables.Cr0, moved | 0x18, walk.Tables.Cr4, walk.Tables.Efer);
        foreach (ulong linear in new[] { 0x0000_1000UL, 0x4000_1000UL, 0x8000_1000UL, 0xC000_1000UL })
        {
            Assert.Equal(IntStatus.Success, PageWalk.Translate(walk.Memory, in paging, linear, out ulong physical));
            Assert.Equal((0x50000 + (linear >> 18)) & ~0xFFFUL, physical);
        }
    }

    [Theory]
    [InlineData(1, Low, 1, 21)]
    [InlineData(2, Low, 1, 52)]
    [InlineData(2, Low, 1, 62)]
    [InlineData(2, Low, 2, 13)]
    [InlineData(2, Low, 2, 20)]
    [InlineData(2, Low, 2, 57)]
    [InlineData(2, Low, 3, 1)]
    [InlineData(2, Low, 3, 5)]
    [InlineData(2, Low, 3, 8)]
    [InlineData(2, Low, 3, 63)]
    [InlineData(3, Kernel, 2, 13)]
    [InlineData(3, Kernel, 2, 20)]
    [InlineData(3, Kernel, 3, 13)]
    [InlineData(3, Kernel, 3, 29)]
    [InlineData(3, Kernel, 4, 7)]
    [InlineData(4, Kernel, 5, 7)]
    public void AReservedBitEndsTheWalk(int mode, ulong linear, int level, int bit)
    {
        // Bits 13 to 29 are reserved in large pages alone.
        int leaf = bit is >= 13 and <= 29 ? Math.Max(level, 2) : 1;
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(linear, 0, leaf);
        Assert.Equal(IntStatus.Success, walk.Translate(linear).Status);
        walk.Tables.Spoil(linear, Math.Max(level, leaf), set: 1UL << bit);
        Assert.Equal((IntStatus.CorruptedData, 0UL), walk.Translate(linear));
    }

    [Theory]
    [InlineData(2, Low)]
    [InlineData(3, Kernel)]
    [InlineData(4, Kernel)]
    public void XdIsReservedUntilItIsSwitchedOn(int mode, ulong linear)
    {
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(linear, 0x55000);
        walk.Tables.Spoil(linear, 1, set: PageTables.NoExecute);
        Assert.False(walk.Find(linear).Rights.IsExecutable);
        PagingContext without = new(walk.Tables.Cr0, walk.Tables.Root, walk.Tables.Cr4, walk.Tables.Efer & ~0x800UL);
        Assert.Equal(IntStatus.CorruptedData, PageWalk.Translate(walk.Memory, in without, linear, out _));
    }

    [Theory]
    [InlineData(1, Low, 2, 36, 0x8_0000_0000UL, 0x10_0000_0000UL)]
    [InlineData(2, Low, 1, 40, 0x80_0000_0000UL, 0x100_0000_0000UL)]
    [InlineData(3, Kernel, 1, 46, 0x2000_0000_0000UL, 0x4000_0000_0000UL)]
    [InlineData(3, Kernel, 3, 46, 0x2000_0000_0000UL, 0x4000_0000_0000UL)]
    public void AnAddressThatTheProcessorDoesNotHaveIsReserved(int mode, ulong linear, int level, int bits, ulong last, ulong beyond)
    {
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(linear, beyond, level);
        Assert.Equal(IntStatus.Success, walk.Translate(linear).Status);
        walk.Memory.SetPhysicalAddressBits(bits);
        Assert.Equal(IntStatus.CorruptedData, walk.Translate(linear).Status);
        walk.Tables.Map(linear, last, level);
        Assert.Equal(IntStatus.Success, walk.Translate(linear).Status);
    }

    [Theory]
    [InlineData(1, Low, 2)]
    [InlineData(2, Low, 3)]
    [InlineData(3, Kernel, 4)]
    [InlineData(4, Kernel, 5)]
    public void TheEntryOfAnAbsentPageIsSeenAsItIs(int mode, ulong linear, int levels)
    {
        ulong swapped = mode == 1 ? 0xDEAD_BEEEUL : 0xFEDC_BA98_7654_3210;
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(linear, 0x55000);
        for (int level = 1; level < levels; level++)
        {
            walk.Tables.WriteEntry(walk.Tables.EntryAddress(linear, level), swapped);
            Translation found = walk.Find(linear);
            Assert.Equal((swapped, levels + 1 - level), (found.Leaf, found.Count));
            Assert.Equal(walk.Tables.EntryAddress(linear, level), found.AddressOf(found.Count - 1));
            Assert.Equal(level == 1 ? IntStatus.PageNotPresent : IntStatus.NoMappingStructures, walk.Translate(linear).Status);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AModeThatIsSaidNeedsNoRegisters(int mode)
    {
        using Walk walk = new((PagingMode)mode);
        walk.Tables.Map(Low, 0x55000);
        walk.Tables.Map(Low + 0x40_0000, 0x40_0000, leafLevel: 2);
        PagingContext paging = PagingContext.Of((PagingMode)mode, walk.Tables.Root);
        Assert.Equal((PagingMode)mode, paging.Mode);
        Assert.Equal(IntStatus.Success, PageWalk.Translate(walk.Memory, in paging, Low, out ulong physical));
        Assert.Equal(0x55000UL, physical);
        Assert.Equal(IntStatus.Success, PageWalk.Translate(walk.Memory, in paging, Low + 0x40_0000, out physical));
        Assert.Equal(0x40_0000UL | ((Low + 0x40_0000) & (mode == 1 ? 0x3F_FFFFUL : 0x1F_FFFFUL)), physical);
    }

    [Fact]
    public void TheTwoHalvesOfAnAddressSpaceAreKeptApart()
    {
        using Walk walk = new(PagingMode.Level4);
        PageTables user = new(walk.Ram, PagingMode.Level4, 0x10000);
        walk.Tables.Map(Kernel, 0x55000);
        user.Map(Kernel, 0x66000);
        PagingContext userHalf = new(user.Cr0, user.Root, user.Cr4, user.Efer);
        PagingContext kernelHalf = userHalf.WithCr3(walk.Tables.Root);
        Assert.Equal(IntStatus.Success, PageWalk.Translate(walk.Memory, in userHalf, Kernel, out ulong inUser));
        Assert.Equal(IntStatus.Success, PageWalk.Translate(walk.Memory, in kernelHalf, Kernel, out ulong inKernel));
        Assert.Equal((0x66000UL, 0x55000UL), (inUser, inKernel));
        Assert.Equal((user.Root, walk.Tables.Root), (userHalf.Cr3, kernelHalf.Cr3));
    }

    [Theory]
    [InlineData(1, 0x18UL, 3)]
    [InlineData(1, 0x90UL, 6)]
    [InlineData(1, 0UL, 0)]
    [InlineData(2, 0x1000UL, 4)]
    [InlineData(2, 0x1008UL, 5)]
    [InlineData(2, 0x10UL, 2)]
    public void TheMemoryTypeFollowsFromTheLeaf(int level, ulong bits, int index)
    {
        const ulong Pat = 0x0706_0504_0106_0400;
        using Walk walk = new(PagingMode.Level4);
        walk.Tables.Map(Kernel, 0x40_0000, level);
        walk.Tables.Spoil(Kernel, level, set: bits);
        Translation found = walk.Find(Kernel);
        Assert.Equal(index, found.PatIndex);
        Assert.Equal((int)(Pat >> (8 * index)) & 7, found.MemoryType(Pat));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AgreesWithAnotherWalkerOnRandomTables(int mode)
    {
        PagingMode paging = (PagingMode)mode;
        int success = 0;
        HashSet<(IntStatus, int)> seen = [];
        HashSet<ulong> sizes = [];
        using RandomTables tables = new(paging);
        RandomTables.Cases.Sample(
            drawn =>
            {
                PagingContext context = tables.Fill(drawn);
                Assert.Equal(paging, context.Mode);
                foreach (ulong address in drawn.Linears)
                {
                    IntStatus status = PageWalk.Walk(tables.Memory, in context, address, out Translation translation);
                    ReferenceTranslation expected = tables.Expect(drawn, address);
                    Assert.Equal((expected.Status, expected.Physical, expected.PageSize), (status, translation.Physical, translation.PageSize));
                    AssertSameTrace(expected, in translation);
                    AssertSameRights(expected, in translation);
                    Assert.Equal(
                        (status, expected.Physical), (PageWalk.Translate(tables.Memory, in context, address, out ulong physical), physical));
                    seen.Add((status, translation.Count));
                    sizes.Add(translation.PageSize);
                    success += status == IntStatus.Success ? 1 : 0;
                }
            },
            iter: 2500,
            threads: 1);
        Assert.InRange(success, 1000, int.MaxValue);

        // Every status came from every level that it can come from.
        int levels = paging == PagingMode.Bits32 ? 2 : paging == PagingMode.Pae ? 3 : paging == PagingMode.Level4 ? 4 : 5;
        Assert.Contains((IntStatus.PageNotPresent, levels), seen);
        for (int count = 1; count < levels; count++)
        {
            Assert.Contains((IntStatus.NoMappingStructures, count), seen);
            Assert.Contains((IntStatus.AccessViolation, count), seen);
            Assert.Contains((IntStatus.CorruptedData, count), seen);
        }

        Assert.Equal(paging == PagingMode.Bits32 ? [0, 0x1000, 0x40_0000] : paging == PagingMode.Pae ? [0, 0x1000, 0x20_0000]
            : [0, 0x1000, 0x20_0000, 0x4000_0000UL], sizes.Order());
    }

    private static void AssertSameTrace(ReferenceTranslation expected, in Translation translation)
    {
        Assert.Equal(expected.Trace.Count, translation.Count);
        for (int i = 0; i < translation.Count; i++)
            Assert.Equal(expected.Trace[i], (translation.AddressOf(i), translation.EntryOf(i)));
    }

    private static void AssertSameRights(ReferenceTranslation expected, in Translation translation)
    {
        PageRights rights = translation.Rights;
        Assert.Equal(
            (expected.IsUser, expected.IsWritable, expected.IsExecutable, expected.IsAccessed),
            (rights.IsUser, rights.IsWritable, rights.IsExecutable, rights.IsAccessed));
        Assert.Equal(expected.Leaf, translation.Leaf);
        Assert.Equal(
            ((expected.Leaf & 0x40) != 0, (expected.Leaf & 0x100) != 0, (int)((expected.Leaf >> 59) & 15), expected.PatIndex),
            (rights.IsDirty, rights.IsGlobal, rights.Key, translation.PatIndex));
    }

    [Theory]
    [InlineData(0UL, 0x20UL, 0x400UL, 0)]
    [InlineData(0x8000_0000UL, 0UL, 0UL, 1)]
    [InlineData(0x8000_0000UL, 0x20UL, 0UL, 2)]
    [InlineData(0x8000_0000UL, 0x20UL, 0x100UL, 2)]
    [InlineData(0x8000_0000UL, 0x20UL, 0x400UL, 3)]
    [InlineData(0x8000_0000UL, 0x1020UL, 0x400UL, 4)]
    [InlineData(0x8000_0000UL, 0x1020UL, 0UL, 2)]
    public void TheModeFollowsFromTheRegisters(ulong cr0, ulong cr4, ulong efer, int mode) =>
        Assert.Equal((PagingMode)mode, new PagingContext(cr0, 0, cr4, efer).Mode);

    private sealed class Walk : IDisposable
    {
        public Walk(PagingMode mode)
        {
            Memory = Ram.Declare();
            Tables = new PageTables(Ram, mode, PageWalkTests.Tables);
        }

        public GuestRam Ram { get; } = new(32);

        public GuestMemory Memory { get; }

        public PageTables Tables { get; }

        public (IntStatus Status, ulong Physical) Translate(ulong linear)
        {
            PagingContext paging = Tables.Context;
            IntStatus status = PageWalk.Translate(Memory, in paging, linear, out ulong physical);
            return (status, physical);
        }

        public Translation Find(ulong linear)
        {
            PagingContext paging = Tables.Context;
            PageWalk.Walk(Memory, in paging, linear, out Translation translation);
            return translation;
        }

        public void Dispose() => Ram.Dispose();
    }
}
