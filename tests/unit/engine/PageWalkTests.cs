using System;
using System.Collections.Generic;
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
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AgreesWithAnotherWalkerOnRandomTables(int mode)
    {
        const int Pages = 8;
        PagingMode paging = (PagingMode)mode;
        int success = 0;
        HashSet<IntStatus> seen = [];

        // Entries lean to what a walk can go on with: present, a table inside memory, sometimes a large page or nonsense.
        Gen<ulong> entry = Gen.Select(Gen.Int[0, 9], Gen.Int[0, Pages - 1], Gen.ULong, (kind, page, noise) => kind switch
        {
            0 => noise,
            1 => noise & ~1UL,
            2 => (noise & 0x000F_FFFF_FFFF_F000) | 1,
            3 => ((ulong)page << 12) | (noise & 0xFE0) | 0x81,
            _ => ((ulong)page << 12) | (noise & 0x8000_0000_0000_0F7E) | 1,
        });
        Gen<ulong> linear = Gen.Select(Gen.ULong, Gen.Int[0, 3], (value, kind) => kind switch
        {
            0 => value,
            1 => value & 0x0000_7FFF_FFFF_FFFF,
            2 => value | 0xFFFF_8000_0000_0000,
            _ => value & 0x0000_6030_1812_0FFF,
        });
        using GuestRam ram = new(Pages);
        GuestMemory memory = ram.Declare();
        Gen.Select(entry.Array[64], linear.Array[40], Gen.ULong, Gen.Bool).Sample(
            (entries, linears, seed, pse) =>
            {
                // The few entries are spread over all of memory: a walk reads any of them as any level.
                for (ulong at = 0; at < ram.Size; at += 8)
                    ram.Write(at, entries[(int)((((at / 8) * 0x9E37_79B9_7F4A_7C15) ^ seed) >> 58)]);

                ulong cr4 = (pse ? 1UL << 4 : 0) | (paging == PagingMode.Bits32 ? 0 : 1UL << 5) |
                    (paging == PagingMode.Level5 ? 1UL << 12 : 0);
                ulong efer = paging >= PagingMode.Level4 ? 1UL << 10 : 0;
                ulong cr3 = (seed & 7) << 12 | (seed & 0x18);
                PagingContext context = new(0x8000_0001, cr3, cr4, efer);
                Assert.Equal(paging, context.Mode);
                foreach (ulong address in linears)
                {
                    IntStatus status = PageWalk.Translate(memory, in context, address, out ulong physical);
                    Assert.Equal(ReferenceWalk.Translate(ram, paging, cr3, pse, address), (status, physical));
                    seen.Add(status);
                    success += status == IntStatus.Success ? 1 : 0;
                }
            },
            iter: 1500,
            threads: 1);
        Assert.InRange(success, 1000, int.MaxValue);
        Assert.Contains(IntStatus.PageNotPresent, seen);
        Assert.Contains(IntStatus.NoMappingStructures, seen);
        Assert.Contains(IntStatus.AccessViolation, seen);
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

        public void Dispose() => Ram.Dispose();
    }
}
