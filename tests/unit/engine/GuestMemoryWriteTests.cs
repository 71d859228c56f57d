using System;
using Engine.Concurrency;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Writes to guest memory, direct and through the shim.</summary>
public sealed unsafe class GuestMemoryWriteTests : IDisposable
{
    private readonly GuestRam _ram = new(2);
    private readonly FakeHypervisor _host = new();

    public void Dispose()
    {
        _host.Forget();
        _ram.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BytesAreWrittenWithinAPage(bool withShim)
    {
        GuestMemory memory = Declared(withShim);
        for (int size = 1; size <= 64; size++)
        {
            byte[] bytes = new byte[size];
            bytes.AsSpan().Fill((byte)size);
            ulong at = 4096UL - (ulong)size;
            Assert.Equal(size, memory.Write(at, bytes));
            Assert.Equal(bytes, new ReadOnlySpan<byte>(_ram.At(at), size).ToArray());
        }

        Assert.Equal(0, memory.Write(4092, new byte[8]));
        Assert.Equal(0, memory.Write(8192, new byte[8]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnExchangeNeedsTheExpectedBytes(bool withShim)
    {
        GuestMemory memory = Declared(withShim);
        foreach (int size in (int[])[1, 2, 4, 8])
        {
            byte[] zeros = new byte[size];
            byte[] ones = new byte[size];
            ones.AsSpan().Fill(1);
            ulong at = 65 + (8 * (ulong)size);
            Assert.Equal(ExchangeOutcome.Differs, memory.Exchange(at, ones, zeros));
            Assert.Equal(ExchangeOutcome.Done, memory.Exchange(at, zeros, ones));
            Assert.Equal(ones, new ReadOnlySpan<byte>(_ram.At(at), size).ToArray());
            Assert.Equal(0, *_ram.At(at + (ulong)size));
        }

        // Across two cache lines, and of another size.
        Assert.Equal(ExchangeOutcome.Absent, memory.Exchange(61, new byte[8], new byte[8]));
        Assert.Equal(ExchangeOutcome.Absent, memory.Exchange(0, new byte[3], new byte[3]));
        Assert.Equal(ExchangeOutcome.Absent, memory.Exchange(8192, new byte[8], new byte[8]));
    }

    [Fact]
    public void SixteenBytesAreExchangedByTheShim()
    {
        GuestMemory memory = Declared(withShim: true);
        byte[] ones = new byte[16];
        ones.AsSpan().Fill(1);
        Assert.Equal(ExchangeOutcome.Done, memory.Exchange(32, new byte[16], ones));
        Assert.Equal(ExchangeOutcome.Differs, memory.Exchange(32, new byte[16], ones));
        Assert.Equal(0x0101_0101_0101_0101UL, _ram.Read<ulong>(40));
        Assert.Equal(ExchangeOutcome.Absent, memory.Exchange(40, new byte[16], ones));
        Assert.Equal(ExchangeOutcome.Absent, Declared(withShim: false).Exchange(32, new byte[16], ones));
    }

    [Fact]
    public void WhatIsMappedIsWrittenByTheShimAlone()
    {
        Assert.SkipUnless(FakeShim.HasCopy, "the shim is not built");
        _host.Ram = _ram;
        GuestMemory memory = new();
        memory.Open(_host.Open(withCopy: true), new ClaimTable(1));
        Assert.Equal(8, memory.Write(0x100, [1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.Equal(0x0807_0605_0403_0201UL, _ram.Read<ulong>(0x100));
        Assert.Equal(ExchangeOutcome.Done, memory.Exchange(0x100, [1, 2], [9, 9]));
        Assert.Equal((1, 0), (_host.Maps, _host.Unmaps));

        memory.Open(_host.Open(withCopy: false), new ClaimTable(1));
        Assert.Equal((1, 1), (_host.Maps, _host.Unmaps));
        Assert.Equal(0, memory.Write(0x100, [1]));
        Assert.Equal(ExchangeOutcome.Absent, memory.Exchange(0x100, [9], [1]));
    }

    [Fact]
    public void WhatIsNotThereOrReadOnlyIsSurvived()
    {
        using ProtectedPages pages = new(1);
        pages.Forbid(0);
        GuestMemory memory = new();
        Assert.True(memory.TryAdd(0, GuestRam.PageSize, pages.Address, out _));
        Assert.SkipUnless(FakeShim.HasCopy, "the shim is not built");
        memory.Open(_host.Open(withCopy: true), new ClaimTable(1));
        Assert.Equal(0, memory.Write(0, new byte[8]));
        Assert.Equal(ExchangeOutcome.Absent, memory.Exchange(0, new byte[8], new byte[8]));
    }

    private GuestMemory Declared(bool withShim)
    {
        GuestMemory memory = _ram.Declare();
        if (withShim)
        {
            Assert.SkipUnless(FakeShim.HasCopy, "the shim is not built");
            memory.Open(_host.Open(withCopy: true), new ClaimTable(1));
        }

        return memory;
    }
}
