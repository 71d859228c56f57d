using System;
using System.Collections.Generic;
using Engine;
using Engine.Abi;
using Engine.Memory;
using Engine.Protection;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Memory that is compared on the timer (spec/15, section 12 and acceptance check 5).</summary>
public sealed class IntegrityRegionsTests : IDisposable, IIntegrityHandler
{
    private const ulong Linear = 0xFFFF_8000_0000_0000;
    private const ulong Frame = 0x10000;

    private readonly FakeHypervisor _host = new();
    private readonly GuestRam _ram = new(128);
    private readonly PageTables _tables;
    private readonly IntegrityRegions _regions;
    private readonly List<(ulong Cookie, int Offset, byte[] Old, byte[] New, int Count)> _seen = [];
    private Func<ulong, IntegrityAnswer> _answer = _ => IntegrityAnswer.Leave;
    private int _timers;

    public IntegrityRegionsTests()
    {
        _tables = new PageTables(_ram, PagingMode.Level4, 0x40000);
        _tables.MapRun(Linear, Frame, 32);
        _regions = new IntegrityRegions(_host.Open(), _ram.Declare(), _ => _timers++);
    }

    public void Dispose()
    {
        _host.Forget();
        _ram.Dispose();
    }

    IntegrityAnswer IIntegrityHandler.OnChange(in IntegrityChange change)
    {
        _seen.Add((change.Cookie, change.Offset, change.Old.ToArray(), change.New.ToArray(), change.Count));
        return _answer(change.Id);
    }

    [Fact]
    public void AChangeIsToldOnceATickUntilItIsGone()
    {
        Add(Linear + 0x10, 0x20, 7);
        _regions.Run();
        Assert.Empty(_seen);

        _ram.WriteBytes(Frame + 0x15, 1, 0, 3);
        _regions.Run();
        Assert.Equal((7UL, 5, "000000", "010003", 1), Text(Assert.Single(_seen)));
        _regions.Run();
        Assert.Equal(2, _seen[1].Count);
        _ram.WriteBytes(Frame + 0x15, 0, 0, 0);
        _regions.Run();
        Assert.Equal(2, _seen.Count);
        Assert.Equal(1, _timers);
    }

    [Fact]
    public void WhatIsChangedBackBetweenTwoLooksIsNotSeen()
    {
        Add(Linear, 8);
        _ram.WriteBytes(Frame, 1);
        _ram.WriteBytes(Frame, 0);
        _regions.Run();
        Assert.Empty(_seen);
    }

    [Theory]
    [InlineData(0x0FFUL)]
    [InlineData(0x100UL)]
    [InlineData(0x120UL)]
    public void NothingAroundItCounts(ulong at)
    {
        Add(Linear + 0x100, 0x20);
        _ram.WriteBytes(Frame + at, 1);
        _regions.Run();
        Assert.Equal(at == 0x100 ? 1 : 0, _seen.Count);
    }

    [Fact]
    public void WhatIsAcceptedIsWhatWasSeen()
    {
        Add(Linear, 16);
        _ram.WriteBytes(Frame + 3, 9);
        _answer = _ =>
        {
            // Too late to be accepted with the rest.
            _ram.WriteBytes(Frame + 4, 8);
            return IntegrityAnswer.Accept;
        };
        _regions.Run();
        _answer = _ => IntegrityAnswer.Accept;
        _regions.Run();
        _regions.Run();
        Assert.Equal(2, _seen.Count);
        Assert.Equal((0UL, 4, "00", "08", 2), Text(_seen[1]));
    }

    [Fact]
    public void WhatIsRestoredIsWrittenBackWhileAllArePaused()
    {
        for (int i = 0; i < 0x2000; i++)
            _ram.WriteBytes(Frame + (ulong)i, (byte)i);
        Add(Linear + 0x800, 0x1000);
        _ram.WriteBytes(Frame + 0x900, 0xAA);
        _ram.WriteBytes(Frame + 0x1100, 0xBB);
        _answer = _ => IntegrityAnswer.Restore;
        _regions.Run();
        Assert.Equal((0x00, 0x00), (_ram.Read<byte>(Frame + 0x900), _ram.Read<byte>(Frame + 0x1100)));
        Assert.Equal((1, 1), (_host.Pauses, _host.Resumes));
        _regions.Run();
        Assert.Single(_seen);
    }

    [Fact]
    public void APageThatIsNotThereCountsAsUnchangedAndTheOthersAreCompared()
    {
        Add(Linear + 0x800, 0x1000);
        _tables.Spoil(Linear, 1, clear: PageTables.Present);
        _ram.WriteBytes(Frame + 0x900, 1);
        _regions.Run();
        Assert.Empty(_seen);
        _ram.WriteBytes(Frame + 0x1004, 2);
        _regions.Run();
        Assert.Equal((0UL, 0x804, "00", "02", 1), Text(Assert.Single(_seen)));
        _tables.Spoil(Linear, 1, set: PageTables.Present);
        _regions.Run();
        Assert.Equal(0x100, _seen[1].Offset);
    }

    [Fact]
    public void ARegionMayBeRemovedInItsOwnCall()
    {
        Add(Linear, 8);
        ulong other = Add(Linear + 8, 8, 1);
        _ram.WriteBytes(Frame, 1);
        _ram.WriteBytes(Frame + 8, 1);
        _answer = id =>
        {
            Assert.True(_regions.Remove(id));
            Assert.False(_regions.Remove(id));
            return IntegrityAnswer.Restore;
        };
        _regions.Run();
        Assert.Equal(2, _seen.Count);
        Assert.Equal(0, _regions.Count);
        _regions.Run();
        Assert.Equal(2, _seen.Count);
        Assert.NotEqual(0UL, other);
    }

    [Fact]
    public void ATickLooksAtSoMuchAndGoesOnWithTheNext()
    {
        const int Length = Limits.MaxIntegrityLength;
        int regions = (2 * Limits.IntegrityBytesPerTick) / Length;
        for (int i = 0; i < regions; i++)
            Add(Linear, Length, (ulong)i);
        _ram.WriteBytes(Frame, 1);
        _regions.Run();
        Assert.Equal(regions / 2, _seen.Count);
        _regions.Run();
        Assert.Equal(regions, _seen.Count);
        for (int i = 0; i < regions; i++)
            Assert.Equal((ulong)i, _seen[i].Cookie);
        _regions.Run();
        Assert.Equal(0UL, _seen[regions].Cookie);
    }

    [Fact]
    public void OneTickLooksAtEachRegionOnceAtMost()
    {
        Add(Linear, 8);
        Add(Linear, 8, 1);
        _ram.WriteBytes(Frame, 1);
        _regions.Run();
        Assert.Equal(2, _seen.Count);
    }

    [Fact]
    public void WhatCannotBeComparedIsRefused()
    {
        PagingContext paging = _tables.Context;
        Assert.Equal(IntStatus.InvalidParameter1, _regions.Add(in paging, 0x7000_0000, 8, this, 0, out _));
        Assert.Equal(IntStatus.InvalidParameter1, _regions.Add(in paging, ulong.MaxValue - 3, 8, this, 0, out _));
        Assert.Equal(IntStatus.InvalidParameter2, _regions.Add(in paging, Linear, 0, this, 0, out _));
        Assert.Equal(IntStatus.InvalidParameter2, _regions.Add(in paging, Linear, -1, this, 0, out _));
        Assert.Equal(IntStatus.InvalidParameter2, _regions.Add(in paging, Linear, Limits.MaxIntegrityLength + 1, this, 0, out _));
        Assert.Equal(IntStatus.PageNotPresent, _regions.Add(in paging, Linear + (31 * 0x1000), 0x2000, this, 0, out ulong id));
        Assert.Equal((0UL, 0, 0), (id, _regions.Count, _timers));
        for (int i = 0; i < Limits.MaxIntegrityRegions; i++)
            Add(Linear, 1);
        Assert.Equal(IntStatus.InsufficientResources, _regions.Add(in paging, Linear, 1, this, 0, out _));
        _regions.Clear();
        for (int i = 0; i < Limits.MaxIntegrityBytes / Limits.MaxIntegrityLength; i++)
            Add(Linear, Limits.MaxIntegrityLength);
        Assert.Equal(IntStatus.InsufficientResources, _regions.Add(in paging, Linear, 1, this, 0, out _));
    }

    [Fact]
    public void WithPagingOffAddressesArePhysical()
    {
        PagingContext physical = new(1, 0, 0, 0);
        Assert.Equal(IntStatus.Success, _regions.Add(in physical, Frame, 8, this, 3, out _));
        _ram.WriteBytes(Frame + 7, 1);
        _answer = _ => IntegrityAnswer.Restore;
        _regions.Run();
        Assert.Equal(0, _ram.Read<byte>(Frame + 7));
    }

    private static (ulong Cookie, int Offset, string Old, string New, int Count) Text(
        (ulong Cookie, int Offset, byte[] Old, byte[] New, int Count) change) =>
        (change.Cookie, change.Offset, Convert.ToHexString(change.Old), Convert.ToHexString(change.New), change.Count);

    private ulong Add(ulong linear, int length, ulong cookie = 0)
    {
        PagingContext paging = _tables.Context;
        Assert.Equal(IntStatus.Success, _regions.Add(in paging, linear, length, this, cookie, out ulong id));
        return id;
    }
}
