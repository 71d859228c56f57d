using System;
using Engine.Abi;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

public sealed class LinearMemoryTests : IDisposable
{
    private const ulong Linear = 0xFFFF_9000_0000_0000;

    private readonly GuestRam _ram = new(32);
    private readonly GuestMemory _memory;
    private readonly PageTables _tables;

    public LinearMemoryTests()
    {
        _memory = _ram.Declare();
        _tables = new PageTables(_ram, PagingMode.Level4, 0x10000);
    }

    public void Dispose() => _ram.Dispose();

    [Fact]
    public void AReadFollowsThePagesWhereverTheyAre()
    {
        _tables.Map(Linear, 0x5000);
        _tables.Map(Linear + 0x1000, 0x3000);
        _ram.WriteBytes(0x5FFE, 1, 2);
        _ram.WriteBytes(0x3000, 3, 4);
        _ram.WriteBytes(0x6000, 0xEE, 0xEE);
        Assert.Equal((4, IntStatus.Success), Read(Linear + 0xFFE, 4, out byte[] bytes));
        Assert.Equal([1, 2, 3, 4], bytes);
    }

    [Fact]
    public void AnAbsentPageEndsTheReadWithItsStatus()
    {
        _tables.Map(Linear, 0x5000);
        _tables.Map(Linear + 0x2000, 0x7000);
        _ram.WriteBytes(0x5FFE, 1, 2);
        Assert.Equal((2, IntStatus.PageNotPresent), Read(Linear + 0xFFE, 4, out byte[] bytes));
        Assert.Equal([1, 2, 0, 0], bytes);
        Assert.Equal((0, IntStatus.PageNotPresent), Read(Linear + 0x1000, 4, out _));
        Assert.Equal((0, IntStatus.NoMappingStructures), Read(Linear + 0x4000_0000, 4, out _));
        Assert.Equal((4096, IntStatus.PageNotPresent), Read(Linear, 3 * 4096, out _));
    }

    [Fact]
    public void AFrameThatIsNotMemoryEndsTheRead()
    {
        _tables.Map(Linear, 0x5000);
        _tables.Map(Linear + 0x1000, 0xFEE0_0000);
        Assert.Equal((2, IntStatus.AccessViolation), Read(Linear + 0xFFE, 4, out _));
    }

    [Fact]
    public void TheEdgesOfTheAddressSpaceAreEdges()
    {
        _tables.Map(0x0000_7FFF_FFFF_F000, 0x5000);
        _tables.Map(0xFFFF_FFFF_FFFF_F000, 0x6000);
        _tables.Map(0x1000, 0x8000);
        Assert.Equal((2, IntStatus.InvalidParameter2), Read(0x0000_7FFF_FFFF_FFFE, 4, out _));

        // The last page is followed by page 0, as in the processor.
        Assert.Equal((2, IntStatus.PageNotPresent), Read(0xFFFF_FFFF_FFFF_FFFE, 4, out _));
        _tables.Map(0, 0x7000);
        Assert.Equal((4, IntStatus.Success), Read(0xFFFF_FFFF_FFFF_FFFE, 4, out _));
    }

    [Fact]
    public void NothingAskedIsNothingRead() => Assert.Equal((0, IntStatus.Success), Read(Linear, 0, out _));

    private (int Read, IntStatus Status) Read(ulong linear, int length, out byte[] bytes)
    {
        bytes = new byte[length];
        PagingContext paging = _tables.Context;
        int read = LinearMemory.Read(_memory, in paging, linear, bytes, out IntStatus status);
        return (read, status);
    }
}
