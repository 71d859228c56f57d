using Engine.Abi;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Every combination of rights, registers and accesses against the rules of the SDM, written down once more.</summary>
public sealed class PageFaultCheckTests
{
    private const ulong Linear = 0x7FFF_0000_1000;
    private const int Combinations = 1 << 13;

    [Fact]
    public void EveryCombinationIsAsTheManualSays()
    {
        int faults = 0;
        int keyFaults = 0;
        for (int bits = 0; bits < Combinations; bits++)
        {
            foreach (PageAccessKind kind in new[] { PageAccessKind.Read, PageAccessKind.Write, PageAccessKind.Execute })
            {
                FaultCase drawn = new(bits, kind);
                PageRights rights = drawn.Rights;
                PagingContext paging = drawn.Paging;
                PageAccess access = drawn.Access;
                PageCheck check = PageFaultCheck.Check(IntStatus.Success, in rights, in paging, in access, out uint code);
                Assert.True((drawn.IsAllowed ? PageCheck.Allowed : PageCheck.PageFault) == check, drawn.ToString());
                Assert.True((drawn.IsAllowed ? 0 : drawn.ErrorCode) == code, $"{drawn}: {code:x}");
                faults += check == PageCheck.PageFault ? 1 : 0;
                keyFaults += (code & PageFaultCheck.Key) != 0 ? 1 : 0;
            }
        }

        Assert.InRange(faults, 1000, (Combinations * 3) - 1000);
        Assert.InRange(keyFaults, 1000, faults - 1000);
    }

    [Theory]
    [InlineData(1, 0U)]
    [InlineData(2, 0U)]
    [InlineData(4, 9U)]
    public void AWalkThatFailedGivesItsCause(int level, uint cause)
    {
        using GuestRam ram = new(32);
        GuestMemory memory = ram.Declare();
        PageTables tables = new(ram, PagingMode.Level4, 0x1000);
        tables.Map(Linear, 0x5000);
        tables.Spoil(Linear, level, set: level == 4 ? PageTables.LargePage : 0, clear: level == 4 ? 0UL : 1);
        PagingContext paging = tables.Context;
        Assert.Equal(cause | 6, Fault(memory, in paging, Linear, new PageAccess { Kind = PageAccessKind.Write, IsUser = true }));
        Assert.Equal(cause | 16, Fault(memory, in paging, Linear, new PageAccess { Kind = PageAccessKind.Execute }));
        Assert.Equal(cause, Fault(memory, in paging, Linear, default));
    }

    [Fact]
    public void WithoutXdAndSmepAFetchIsReportedAsARead()
    {
        using GuestRam ram = new(8);
        PageTables tables = new(ram, PagingMode.Bits32, 0x1000);
        PagingContext paging = tables.Context;
        PageAccess fetch = new() { Kind = PageAccessKind.Execute, IsUser = true };
        Assert.Equal(4U, Fault(ram.Declare(), in paging, Linear, fetch));
        PagingContext smep = new(tables.Cr0, tables.Root, tables.Cr4 | (1 << 20), 0);
        Assert.Equal(20U, Fault(ram.Declare(), in smep, Linear, fetch));
    }

    [Fact]
    public void WhatIsNoPageFaultIsSaid()
    {
        PagingContext none = new(1, 0, 0, 0);
        PagingContext paging = PagingContext.Of(PagingMode.Level4, 0);
        PageRights rights = default;
        PageAccess access = new() { Kind = PageAccessKind.Write, IsUser = true };
        Assert.Equal(PageCheck.Allowed, PageFaultCheck.Check(IntStatus.Success, in rights, in none, in access, out _));
        Assert.Equal(PageCheck.NotCanonical, PageFaultCheck.Check(IntStatus.InvalidParameter2, in rights, in paging, in access, out _));
        Assert.Equal(PageCheck.Unknown, PageFaultCheck.Check(IntStatus.AccessViolation, in rights, in paging, in access, out _));
    }

    private static uint Fault(GuestMemory memory, in PagingContext paging, ulong linear, PageAccess access)
    {
        IntStatus status = PageWalk.Translate(memory, in paging, linear, out _, out PageRights rights);
        Assert.Equal(PageCheck.PageFault, PageFaultCheck.Check(status, in rights, in paging, in access, out uint code));
        return code;
    }
}
