using System;
using System.Linq;
using System.Threading;
using Engine;
using Engine.Concurrency;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

public sealed unsafe class GuestMemoryTests
{
    private const ulong Page = GuestRam.PageSize;

    [Fact]
    public void ReadsEndWhereTheRegionEnds()
    {
        using GuestRam ram = new(2, gpa: 0x10000);
        GuestMemory memory = ram.Declare();
        ram.Write(0x10FFCUL, 0x8877_6655_4433_2211);
        byte[] buffer = new byte[16];
        Assert.Equal(8, memory.Read(0x10FFC, buffer.AsSpan(0, 8)));
        Assert.Equal(0x8877_6655_4433_2211, BitConverter.ToUInt64(buffer));
        Assert.Equal(4, memory.Read(0x11FFC, buffer));
        Assert.Equal(0, memory.Read(0x12000, buffer));
        Assert.Equal(0, memory.Read(0xFFF8, buffer));
        Assert.Equal(0, memory.Read(0x10000, Span<byte>.Empty));
        Assert.True(memory.TryRead(0x11FF8, out ulong _));
        Assert.False(memory.TryRead(0x11FFC, out ulong value));
        Assert.Equal(0UL, value);
    }

    [Fact]
    public void AdjacentRegionsAreOneAndAHoleEndsARead()
    {
        using GuestRam low = new(1, gpa: 0x10000);
        using GuestRam next = new(1, gpa: 0x11000);
        using GuestRam beyond = new(1, gpa: 0x13000);
        GuestMemory memory = new();
        foreach (GuestRam ram in new[] { beyond, next, low })
        {
            Assert.True(memory.TryAdd(ram.Gpa, ram.Size, ram.Host, out _));
            new Span<byte>(ram.Host, (int)Page).Fill((byte)(ram.Gpa >> 12));
        }

        byte[] buffer = new byte[3 * Page];
        Assert.Equal(2 * (int)Page, memory.Read(0x10000, buffer));
        Assert.Equal(0x10, buffer[Page - 1]);
        Assert.Equal(0x11, buffer[Page]);
        Assert.Equal(0x11, buffer[(2 * Page) - 1]);
        Assert.Equal(0, buffer[2 * Page]);
        Assert.Equal(0, memory.Read(0x12FFF, buffer));
        Assert.Equal(1, memory.Read(0x13FFF, buffer));
    }

    [Theory]
    [InlineData(0x20000UL, 0x3000UL)]
    [InlineData(0x20000UL, 0x1000UL)]
    [InlineData(0x22000UL, 0x1000UL)]
    [InlineData(0x1F000UL, 0x2000UL)]
    [InlineData(0x22000UL, 0x5000UL)]
    [InlineData(0x1F000UL, 0x8000UL)]
    [InlineData(0UL, 0xFFFF_FFFF_FFFF_F000UL)]
    public void RegionsDoNotOverlap(ulong gpa, ulong size)
    {
        GuestMemory memory = new();
        Assert.True(memory.TryAdd(0x20000, 0x3000, (byte*)0x1000, out _));
        Assert.False(memory.TryAdd(gpa, size, (byte*)0x1000, out bool full));
        Assert.False(full);
        Assert.True(memory.TryAdd(0x23000, 0x1000, (byte*)0x1000, out _));
        Assert.True(memory.TryAdd(0x1F000, 0x1000, (byte*)0x1000, out _));
    }

    [Fact]
    public void OnlyExactlyWhatWasDeclaredCanBeRemoved()
    {
        using GuestRam ram = new(4);
        GuestMemory memory = ram.Declare();
        Assert.False(memory.TryRemove(0, Page));
        Assert.False(memory.TryRemove(Page, 3 * Page));
        Assert.False(memory.TryRemove(Page, 4 * Page));
        Assert.True(memory.TryRead(0, out byte _));
        Assert.True(memory.TryRemove(0, 4 * Page));
        Assert.False(memory.HasRegions);
        Assert.False(memory.TryRead(0, out byte _));
        Assert.False(memory.TryRemove(0, 4 * Page));
    }

    [Fact]
    public void TooManyRegionsAreRefusedAndARemovalMakesRoom()
    {
        GuestMemory memory = new();
        for (int i = 0; i < Limits.MaxMemoryRegions; i++)
            Assert.True(memory.TryAdd((ulong)i * 2 * Page, Page, (byte*)0x1000, out _));
        Assert.False(memory.TryAdd(0x1000_0000, Page, (byte*)0x1000, out bool full));
        Assert.True(full);
        Assert.True(memory.TryRemove(6 * Page, Page));
        Assert.True(memory.TryAdd(0x1000_0000, Page, (byte*)0x1000, out _));
        memory.Clear();
        Assert.False(memory.HasRegions);
    }

    [Fact]
    public void AddressesDoNotWrap()
    {
        using GuestRam top = new(1, gpa: 0xFFFF_FFFF_FFFF_F000);
        using GuestRam bottom = new(1);
        GuestMemory memory = top.Declare();
        Assert.True(memory.TryAdd(0, Page, bottom.Host, out _));
        byte[] buffer = new byte[32];
        Assert.Equal(16, memory.Read(0xFFFF_FFFF_FFFF_FFF0, buffer));
        Assert.False(memory.TryRead(0xFFFF_FFFF_FFFF_FFFE, out uint _));
        Assert.Equal(32, memory.Read(0, buffer));
    }

    [Fact]
    public void WithoutAGuardedCopyNothingIsMapped()
    {
        using GuestRam ram = new(2);
        FakeHypervisor host = new() { Ram = ram };
        GuestMemory memory = new();
        memory.Open(host.Open(), new ClaimTable(1));
        Assert.Null(memory.Mapped);
        Assert.Equal(0, memory.Read(0, new byte[8]));
        Assert.False(memory.TryRead(0, out ulong _));
        Assert.Equal(0, host.Maps);
    }

    [Fact]
    public void WhatIsNotDeclaredIsMappedPageByPageAndKept()
    {
        Assert.SkipUnless(FakeShim.HasCopy, "the shim has not been built");
        using GuestRam declared = new(1);
        using GuestRam mapped = new(2, gpa: Page);
        FakeHypervisor host = new() { Ram = mapped };
        GuestMemory memory = declared.Declare();
        memory.Open(host.Open(withCopy: true), new ClaimTable(1));
        declared.Write(Page - 4, 0x4433_2211U);
        mapped.Write(Page, 0x8877_6655U);
        mapped.Write((2 * Page) - 8, 0x0123_4567_89AB_CDEFUL);
        byte[] buffer = new byte[8];
        Assert.Equal(8, memory.Read(Page - 4, buffer));
        Assert.Equal(0x8877_6655_4433_2211, BitConverter.ToUInt64(buffer));
        Assert.True(memory.TryRead((2 * Page) - 8, out ulong value));
        Assert.Equal(0x0123_4567_89AB_CDEFUL, value);
        Assert.Equal(2 * (int)Page, memory.Read(Page, new byte[3 * Page]));

        // Two pages that are there, once each, and one that is not, looked for once.
        Assert.Equal(3, host.Maps);
        Assert.Equal(0, host.Unmaps);
        memory.Close();
        Assert.Equal(2, host.Unmaps);
    }

    [Fact]
    public void AMappingThatIsNotReadableEndsInAShortRead()
    {
        Assert.SkipUnless(FakeShim.HasCopy, "the shim has not been built");
        using ProtectedPages pages = new(2);
        pages.Write(Page - 24, 0x1111_2222_3333_4444);
        pages.Forbid(1);

        // The hypervisor gives out a page whose second half is in a page that faults.
        FakeHypervisor faulting = new() { MapsTo = (nint)pages.Address + ((nint)Page / 2) };
        GuestMemory memory = new();
        memory.Open(faulting.Open(withCopy: true), new ClaimTable(1));
        byte[] buffer = new byte[Page];
        int read = memory.Read(0, buffer);
        Assert.Equal((int)Page / 2, read);
        Assert.Equal(0x1111_2222_3333_4444UL, BitConverter.ToUInt64(buffer, read - 24));
        Assert.False(memory.TryRead(Page / 2, out ulong value));
        Assert.Equal(0UL, value);
        memory.Close();
        Assert.Equal(faulting.Maps, faulting.Unmaps);
    }

    [Fact]
    public void ReadersSeeTheOldOrTheNewRegionsWhileTheyChange()
    {
        using GuestRam stable = new(1, gpa: 0x100000);
        using GuestRam other = new(1);
        GuestMemory memory = stable.Declare();
        stable.Write(0x100000, 0x5555_5555_5555_5555);
        int failures = 0;
        using CancellationTokenSource stop = new();
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (!memory.TryRead(0x100000, out ulong value) || value != 0x5555_5555_5555_5555)
                    Interlocked.Increment(ref failures);
            }
        }))];
        foreach (Thread reader in readers)
            reader.Start();
        for (int round = 0; round < 300; round++)
        {
            for (ulong i = 0; i < 20; i++)
                Assert.True(memory.TryAdd(i * Page, Page, other.Host, out _));
            for (ulong i = 0; i < 20; i++)
                Assert.True(memory.TryRemove(i * Page, Page));
        }

        stop.Cancel();
        foreach (Thread reader in readers)
            reader.Join();
        Assert.Equal(0, failures);
    }
}
