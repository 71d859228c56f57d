using System;
using System.Collections.Generic;
using System.Threading;
using CsCheck;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>What is remembered counts only while every entry that it came from is what it was.</summary>
public sealed unsafe class TranslationCacheTests : IDisposable
{
    private const ulong Tables = 0x1000;
    private const ulong Kernel = 0xFFFF_8000_1234_5000;
    private const ulong Low = 0x1234_5000;

    private readonly FakeHypervisor _host = new();
    private readonly GuestRam _ram = new(64);
    private readonly GuestMemory _memory;

    public TranslationCacheTests()
    {
        _memory = _ram.Declare();
        _memory.Open(_host.Open(), new ClaimTable(1), vcpus: 1);
    }

    private TranslationCache Cache => _memory.TranslationsOf(0)!;

    public void Dispose()
    {
        _memory.Close();
        _host.Forget();
        _ram.Dispose();
    }

    [Theory]
    [InlineData(1, Low, 2)]
    [InlineData(2, Low, 3)]
    [InlineData(3, Kernel, 4)]
    [InlineData(4, Kernel, 5)]
    public void AChangeOfAnyEntryIsSeen(int mode, ulong linear, int levels)
    {
        PageTables tables = new(_ram, (PagingMode)mode, Tables);
        tables.Map(linear, 0x30000);
        PagingContext paging = ContextOf(tables);
        Assert.False(Finds(Cache, _memory, in paging, linear, out _, out _));
        Assert.Equal(0x30123UL, Translate(in paging, linear + 0x123));
        Assert.True(Finds(Cache, _memory, in paging, linear + 0x456, out ulong found, out _));
        Assert.Equal(0x30456UL, found);

        for (int level = 1; level <= levels; level++)
        {
            ulong address = tables.EntryAddress(linear, level);
            ulong entry = tables.ReadEntry(address);
            for (int bit = 0; bit < (mode == 1 ? 32 : 64); bit++)
            {
                // Accessed and dirty, which the processor sets by itself, change nothing.
                tables.WriteEntry(address, entry ^ (1UL << bit));
                Assert.Equal(bit is 5 or 6, Finds(Cache, _memory, in paging, linear, out _, out _));
            }

            tables.WriteEntry(address, entry);
            Assert.True(Finds(Cache, _memory, in paging, linear, out _, out _));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AgreesWithAWalkWhateverChangesInBetween(int mode)
    {
        using RandomTables tables = new((PagingMode)mode) { Vcpu = 0 };
        tables.Memory.Open(_host.Open(), new ClaimTable(1), vcpus: 1);
        TranslationCache cache = tables.Memory.TranslationsOf(0)!;
        int hits = 0, stale = 0;
        Gen.Select(RandomTables.Cases, Gen.Select(Gen.Int[0, 4095], Gen.Int[0, 63]).Array[30]).Sample(
            (drawn, flips) =>
            {
                PagingContext paging = tables.Fill(drawn);
                foreach ((int word, int bit) in flips)
                {
                    foreach (ulong linear in drawn.Linears)
                    {
                        bool isKnown = Finds(cache, tables.Memory, in paging, linear, out ulong remembered, out PageRights cached);
                        IntStatus status = PageWalk.Walk(tables.Memory, in paging, linear, out Translation walked);
                        hits += isKnown ? 1 : 0;
                        if (isKnown)
                        {
                            Assert.Equal((IntStatus.Success, walked.Physical), (status, remembered));
                            Assert.Equal(Seen(walked.Rights), Seen(cached));
                        }

                        Assert.Equal(
                            (status, walked.Physical),
                            (PageWalk.Translate(tables.Memory, in paging, linear, out ulong physical, out PageRights rights), physical));
                        Assert.Equal(Seen(walked.Rights), Seen(rights));
                        stale += status == IntStatus.Success && !isKnown ? 1 : 0;
                    }

                    // The guest changes one bit somewhere in its tables.
                    ulong at = (ulong)word * 8;
                    tables.Ram.Write(at, tables.Ram.Read<ulong>(at) ^ (1UL << bit));
                }
            },
            iter: 300,
            threads: 1);
        tables.Memory.Close();
        Assert.InRange(hits, 1000, int.MaxValue);
        Assert.InRange(stale, 100, int.MaxValue);
    }

    [Fact]
    public void AccessedAndDirtyAreThoseOfNow()
    {
        PageTables tables = new(_ram, PagingMode.Level4, Tables);
        tables.Map(Kernel, 0x30000);
        PagingContext paging = ContextOf(tables);
        Translate(in paging, Kernel);
        for (int level = 1; level <= 4; level++)
            tables.Spoil(Kernel, level, set: 0x60);
        Assert.True(Finds(Cache, _memory, in paging, Kernel, out _, out PageRights rights));
        Assert.True(rights is { IsAccessed: true, IsDirty: true, IsWritable: true, IsUser: false });
        tables.Spoil(Kernel, 3, clear: 0x20);
        Assert.True(Finds(Cache, _memory, in paging, Kernel, out _, out rights));
        Assert.True(rights is { IsAccessed: false, IsDirty: true });
    }

    [Fact]
    public void OneAddressInTwoAddressSpacesIsTwoTranslations()
    {
        PageTables kernel = new(_ram, PagingMode.Level4, Tables);
        PageTables user = new(_ram, PagingMode.Level4, 0x10000);
        kernel.Map(Kernel, 0x30000);
        user.Map(Kernel, 0x31000);
        PagingContext first = ContextOf(kernel);
        PagingContext second = first.WithCr3(user.Root | 0xFFF);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0x30000UL, Translate(in first, Kernel));
            Assert.Equal(0x31000UL, Translate(in second, Kernel));
        }

        // XD is reserved in the third, so that what was remembered with it does not count there.
        kernel.Spoil(Kernel, 1, set: PageTables.NoExecute);
        Assert.Equal(0x30000UL, Translate(in first, Kernel));
        PagingContext third = new(kernel.Cr0, kernel.Root, kernel.Cr4, kernel.Efer & ~0x800UL, 0);
        Assert.Equal(IntStatus.CorruptedData, PageWalk.Translate(_memory, in third, Kernel, out _));
        PagingContext none = new(1, kernel.Root, 0, 0, 0);
        Assert.Equal(IntStatus.Success, PageWalk.Translate(_memory, in none, 0x123, out ulong physical));
        Assert.Equal(0x123UL, physical);
    }

    [Fact]
    public void AnAddressOfMemoryThatWasTakenBackIsNotTouched()
    {
        using ProtectedPages pages = new(16);
        using GuestRam elsewhere = new(16);
        GuestMemory memory = new();
        Assert.True(memory.TryAdd(0, 16 * GuestRam.PageSize, pages.Address, out _));
        memory.Open(_host.Open(), new ClaimTable(1), vcpus: 1);
        PageTables tables = new(elsewhere, PagingMode.Level4, Tables);
        tables.Map(Kernel, 0x8000);
        new Span<byte>(elsewhere.Host, (int)elsewhere.Size).CopyTo(new Span<byte>(pages.Address, (int)elsewhere.Size));
        PagingContext paging = ContextOf(tables);
        Assert.Equal(IntStatus.Success, PageWalk.Translate(memory, in paging, Kernel, out _));
        Assert.True(Finds(memory.TranslationsOf(0)!, memory, in paging, Kernel, out _, out _));

        // To read there now would end the process.
        Assert.True(memory.TryRemove(0, 16 * GuestRam.PageSize));
        for (int page = 0; page < 16; page++)
            pages.Forbid(page);
        Assert.False(Finds(memory.TranslationsOf(0)!, memory, in paging, Kernel, out _, out _));
        Assert.Equal(IntStatus.AccessViolation, PageWalk.Translate(memory, in paging, Kernel, out _));
        Assert.True(memory.TryAdd(0, elsewhere.Size, elsewhere.Host, out _));
        Assert.Equal(IntStatus.Success, PageWalk.Translate(memory, in paging, Kernel, out ulong physical));
        Assert.Equal(0x8000UL, physical);
        memory.Close();
    }

    [Fact]
    public void MorePagesThanPlacesAreAllTranslatedWithoutAllocation()
    {
        PageTables tables = new(_ram, PagingMode.Level4, Tables);
        tables.MapRun(Kernel, 0x4000_0000, 600);
        PagingContext paging = ContextOf(tables);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 3; round++)
        {
            for (ulong page = 0; page < 600; page++)
            {
                PageWalk.Translate(_memory, in paging, Kernel + (page << 12), out ulong physical);
                if (physical != 0x4000_0000 + (page << 12))
                    Assert.Fail($"page {page} is at {physical:x}");
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void TablesInMappedMemoryAreReadThroughWhatIsMappedNow()
    {
        Assert.SkipUnless(FakeShim.HasCopy, "the shim has not been built");
        _host.Ram = _ram;
        GuestMemory memory = new();
        memory.Open(_host.Open(withCopy: true), new ClaimTable(1), vcpus: 1);
        PageTables tables = new(_ram, PagingMode.Level4, Tables);
        tables.Map(Kernel, 0x30000);
        PagingContext paging = ContextOf(tables);
        Assert.Equal(IntStatus.Success, PageWalk.Translate(memory, in paging, Kernel, out _));
        Assert.True(Finds(memory.TranslationsOf(0)!, memory, in paging, Kernel, out _, out _));
        Assert.Equal(4, _host.Maps);
        Assert.True(memory.Mapped!.TryForget(0, ulong.MaxValue));
        memory.Mapped.Retired.Collect();
        Assert.Equal(4, _host.Unmaps);
        Assert.True(Finds(memory.TranslationsOf(0)!, memory, in paging, Kernel, out ulong physical, out _));
        Assert.Equal((0x30000UL, 8), (physical, _host.Maps));
        tables.Map(Kernel, 0x31000);
        Assert.False(Finds(memory.TranslationsOf(0)!, memory, in paging, Kernel, out _, out _));
        memory.Close();
        Assert.Equal(_host.Maps, _host.Unmaps);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void WhileAnEntryChangesTheAnswerIsThatOfBeforeOrOfAfter(int level)
    {
        // Two page tables, directories and so on that lead to frames of their own: the entry of one level goes back and forth.
        PageTables tables = new(_ram, PagingMode.Level4, Tables);
        PageTables other = new(_ram, PagingMode.Level4, 0x20000);
        tables.Map(Kernel, 0x30000);
        other.Map(Kernel, 0x31000);
        ulong address = tables.EntryAddress(Kernel, level);
        ulong first = tables.ReadEntry(address);
        ulong second = other.ReadEntry(other.EntryAddress(Kernel, level));
        PagingContext paging = ContextOf(tables);
        bool stop = false;
        Thread writer = new(() =>
        {
            for (int i = 0; !Volatile.Read(ref stop); i++)
            {
                Volatile.Write(ref *(ulong*)_ram.At(address), (i & 1) == 0 ? second : first);

                // At either value in turn: on a busy machine the reader may run only then.
                if (i % 63 == 0)
                    Thread.Yield();
            }

            Volatile.Write(ref *(ulong*)_ram.At(address), first);
        });
        writer.Start();
        HashSet<ulong> seen = [];
        long until = Environment.TickCount64 + 5000;
        for (int i = 0; (i < 200_000 || seen.Count < 2) && Environment.TickCount64 < until; i++)
            seen.Add(Translate(in paging, Kernel));
        Volatile.Write(ref stop, true);
        writer.Join();
        Assert.Equal(new HashSet<ulong> { 0x30000, 0x31000 }, seen);

        // And when it has come to rest, what is there counts at once.
        Assert.Equal(0x30000UL, Translate(in paging, Kernel));
        Volatile.Write(ref *(ulong*)_ram.At(address), second);
        Assert.Equal(0x31000UL, Translate(in paging, Kernel));
    }

    private static PagingContext ContextOf(PageTables tables) => new(tables.Cr0, tables.Root, tables.Cr4, tables.Efer, 0);

    private static (bool User, bool Writable, bool Executable, bool Accessed, bool Dirty, bool Global, int Key) Seen(PageRights rights) =>
        (rights.IsUser, rights.IsWritable, rights.IsExecutable, rights.IsAccessed, rights.IsDirty, rights.IsGlobal, rights.Key);

    private ulong Translate(in PagingContext paging, ulong linear)
    {
        Assert.Equal(IntStatus.Success, PageWalk.Translate(_memory, in paging, linear, out ulong physical));
        return physical;
    }

    /// <summary>As <see cref="PageWalk.Translate(GuestMemory, in PagingContext, ulong, out ulong, out PageRights)"/> asks, without a walk.
    /// </summary>
    private static bool Finds(
        TranslationCache cache, GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical, out PageRights rights) =>
        cache.TryFind(memory, in paging, linear, out physical, out rights) ||
        cache.TryRecheck(memory, in paging, linear, out physical, out rights);
}
