using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using Engine;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Going through the pages of an address space.</summary>
public sealed class AddressSpaceWalkTests : IDisposable
{
    private readonly GuestRam _ram = new(1024);
    private readonly GuestMemory _memory;

    public AddressSpaceWalkTests() => _memory = _ram.Declare();

    public void Dispose() => _ram.Dispose();

    [Theory]
    [InlineData((int)PagingMode.Bits32)]
    [InlineData((int)PagingMode.Pae)]
    [InlineData((int)PagingMode.Level4)]
    [InlineData((int)PagingMode.Level5)]
    public void FindsWhatWasMappedAndNothingElse(int mode) => FindsWhatWasMapped((PagingMode)mode);

    [Theory]
    [InlineData((int)PagingMode.Level4)]
    [InlineData((int)PagingMode.Level5)]
    public void TablesThatLeadBackAreLeftOut(int value)
    {
        PagingMode mode = (PagingMode)value;
        const ulong Linear = 0xFFFF_8000_0000_0000;
        PageTables tables = new(_ram, mode, 0x1000);
        tables.Map(Linear, 0x5000);

        // Every other entry of the upper tables leads to the top, or to its own table.
        for (int level = mode == PagingMode.Level5 ? 5 : 4; level >= 2; level--)
        {
            ulong used = tables.EntryAddress(Linear, level);
            ulong table = used & ~0xFFFUL;
            for (ulong entry = table; entry < table + 4096; entry += 8)
            {
                if (entry != used)
                    tables.WriteEntry(entry, ((entry & 8) == 0 ? table : tables.Root) | 3);
            }
        }

        PagingContext paging = tables.Context;
        AddressSpaceWalk walk = new(_memory, in paging);
        Assert.True(walk.MoveNext());
        Assert.Equal((Linear, 0x5000UL, 4096UL), (walk.Current.Linear, walk.Current.Physical, walk.Current.Size));
        Assert.False(walk.MoveNext());
        Assert.True(walk.IsComplete);
    }

    [Fact]
    public void MoreThanEnoughIsGoneThroughInSeveralTurns()
    {
        // One page table, used for the whole of the lower half of a directory pointer's range, over and over.
        PageTables tables = new(_ram, PagingMode.Level4, 0x1000);
        for (ulong page = 0; page < 512; page++)
            tables.Map(page << 12, 0x5000);
        ulong directory = tables.EntryAddress(0, 2);
        ulong leaf = tables.ReadEntry(directory);
        for (ulong i = 1; i < 512; i++)
            tables.WriteEntry(directory + (i * 8), leaf);

        PagingContext paging = tables.Context;
        ulong next = 0;
        int found = 0;
        int turns = 0;
        bool isComplete = false;
        for (; !isComplete && turns < 100; turns++)
        {
            AddressSpaceWalk walk = new(_memory, in paging, next);
            while (walk.MoveNext())
                found++;
            (next, isComplete) = (walk.Next, walk.IsComplete);
        }

        Assert.Equal(512 * 512, found);
        Assert.InRange(turns, 512 * 512 / Limits.MaxWalksAtOnce, (512 * 512 / Limits.MaxWalksAtOnce) + 1);
    }

    [Theory]
    [InlineData(0x4000UL, 0x6FFFUL, 3)]
    [InlineData(0x4FFFUL, 0x5000UL, 2)]
    [InlineData(0x7000UL, 0x6000UL, 0)]
    public void ARangeIsKept(ulong first, ulong last, int pages)
    {
        PageTables tables = new(_ram, PagingMode.Level4, 0x1000);
        tables.MapRun(0, 0x10000, 16);
        PagingContext paging = tables.Context;
        AddressSpaceWalk walk = new(_memory, in paging, first, last);
        int found = 0;
        while (walk.MoveNext())
            found++;
        Assert.Equal(pages, found);
        Assert.True(walk.IsComplete);
    }

    [Fact]
    public void WithoutTablesThereIsNothing()
    {
        AddressSpaceWalk unpaged = new(_memory, default);
        Assert.False(unpaged.MoveNext());
        Assert.True(unpaged.IsComplete);

        PagingContext outside = PagingContext.Of(PagingMode.Level4, 1UL << 40);
        AddressSpaceWalk walk = new(_memory, in outside);
        Assert.False(walk.MoveNext());
        Assert.True(walk.IsComplete);
    }

    private void FindsWhatWasMapped(PagingMode mode) =>
        Gen.Select(Gen.ULong, Gen.Int[1, 2]).Array[0, 12].Sample(
            pages =>
            {
                PageTables tables = new(_ram, mode, 0x1000);
                Dictionary<ulong, (ulong Physical, ulong Size)> mapped = [];
                foreach ((ulong random, int level) in pages)
                {
                    ulong size = level == 1 ? 4096UL : mode == PagingMode.Bits32 ? 1UL << 22 : 1UL << 21;
                    ulong linear = Canonical(mode, random) & ~(size - 1);
                    if (mapped.Any(m => (m.Key ^ linear) < (1UL << 22)))
                        continue;
                    ulong physical = random & 0x7FC0_0000;
                    tables.Map(linear, physical, level);
                    mapped[linear] = (physical, size);
                }

                PagingContext paging = tables.Context;
                AddressSpaceWalk walk = new(_memory, in paging);
                List<(ulong, (ulong, ulong))> found = [];
                while (walk.MoveNext())
                    found.Add((walk.Current.Linear, (walk.Current.Physical, walk.Current.Size)));
                Assert.True(walk.IsComplete);
                Assert.Equal(mapped.OrderBy(m => m.Key).Select(m => (m.Key, m.Value)), found);
            },
            iter: 300, threads: 1);

    private static ulong Canonical(PagingMode mode, ulong random) => mode switch
    {
        PagingMode.Level5 => (ulong)((long)(random << 7) >> 7),
        PagingMode.Level4 => (ulong)((long)(random << 16) >> 16),
        _ => (uint)random,
    };
}
