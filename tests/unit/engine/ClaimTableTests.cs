using System.Linq;
using System.Threading;
using Engine;
using Engine.Concurrency;
using Xunit;

namespace Tests.Unit;

public sealed unsafe class ClaimTableTests
{
    [Fact]
    public void ACellHasOneOwnerUntilItIsReleased()
    {
        ClaimTable claims = new(2);
        Assert.True(claims.TryClaim(0));
        Assert.False(claims.TryClaim(0));
        Assert.True(claims.TryClaim(1));
        claims.Release(0);
        Assert.True(claims.TryClaim(0));
        Assert.False(claims.TryClaim(1));
    }

    [Fact]
    public void ThreadsWithoutAVcpuHaveCellsOfTheirOwn()
    {
        ClaimTable claims = new(3);
        for (uint i = 0; i < 3; i++)
            Assert.True(claims.TryClaim(i));
        nint[] cells = [.. Enumerable.Range(0, Limits.MaxExternalThreads).Select(_ => (nint)claims.TryClaimExternal())];
        Assert.DoesNotContain(0, cells);
        Assert.Equal(cells.Length, cells.Distinct().Count());
        Assert.True(cells.Min() >= (nint)claims.CellOf(2) + ClaimTable.LineBytes);
        Assert.True(claims.TryClaimExternal() == null);
        ClaimTable.Release((ulong*)cells[5]);
        Assert.True((nint)claims.TryClaimExternal() == cells[5]);
    }

    [Fact]
    public void AnEpochIsPassedWhenNobodyFromBeforeIsLeft()
    {
        ClaimTable claims = new(2);
        ulong idle = claims.Advance();
        Assert.True(claims.PassedSince(idle));

        Assert.True(claims.TryClaim(0));
        Assert.True(claims.PassedSince(idle));
        ulong first = claims.Advance();
        Assert.False(claims.PassedSince(first));
        Assert.True(claims.TryClaim(1));
        Assert.False(claims.PassedSince(first));
        ulong second = claims.Advance();
        claims.Release(0);
        Assert.True(claims.PassedSince(first));
        Assert.False(claims.PassedSince(second));
        Assert.True(claims.TryClaim(0));
        claims.Release(1);
        Assert.True(claims.PassedSince(second));
    }

    [Fact]
    public void EpochsGrow()
    {
        ClaimTable claims = new(1);
        ulong before = claims.Advance();
        Assert.Equal(before + 1, claims.Advance());
    }

    [Fact]
    public void AnExternalThreadHoldsAnEpochBackToo()
    {
        ClaimTable claims = new(1);
        ulong* cell = claims.TryClaimExternal();
        ulong epoch = claims.Advance();
        Assert.False(claims.WaitSince(epoch));
        ClaimTable.Release(cell);
        Assert.True(claims.WaitSince(epoch));
    }

    [Fact]
    public void AWaitEndsWhenTheReaderLeaves()
    {
        ClaimTable claims = new(1);
        Assert.True(claims.TryClaim(0));
        ulong epoch = claims.Advance();
        using ManualResetEventSlim waiting = new();
        bool passed = false;
        Thread waiter = new(() =>
        {
            waiting.Set();
            while (!claims.WaitSince(epoch))
            {
            }

            passed = true;
        });
        waiter.Start();
        waiting.Wait(TestContext.Current.CancellationToken);
        Thread.Sleep(5);
        Assert.False(Volatile.Read(ref passed));
        claims.Release(0);
        Assert.True(waiter.Join(5000));
        Assert.True(passed);
    }

    [Fact]
    public void OnlyOneOfManyThreadsIsInside()
    {
        const int Rounds = 50_000;
        ClaimTable claims = new(2);
        int inside = 0, entered = 0, refused = 0, intruders = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                if (!claims.TryClaim(1))
                {
                    Interlocked.Increment(ref refused);
                    continue;
                }

                if (Interlocked.Increment(ref inside) != 1)
                    Interlocked.Increment(ref intruders);
                entered++;
                if ((i & 0xFFF) == 0)
                    Thread.Yield();
                Interlocked.Decrement(ref inside);
                claims.Release(1);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.Equal(0, intruders);
        Assert.Equal(4 * Rounds, entered + refused);
        Assert.True(claims.TryClaim(0));
        Assert.True(claims.TryClaim(1));
    }
}
