using System;
using System.Linq;
using System.Threading;
using Engine;
using Engine.Alerts;
using Xunit;

namespace Tests.Unit;

public sealed class AlertLimiterTests
{
    [Fact]
    public void ABurstIsAllowedAndTheRestCounted()
    {
        AlertLimiter limiter = new();
        int taken = 0;
        while (limiter.TryTake())
            taken++;

        // The clock may have moved on by a few ticks meanwhile.
        Assert.InRange(taken, Limits.AlertBurst, Limits.AlertBurst + 8);
        Assert.Equal(1, limiter.Dropped);
        for (int i = 0; i < 100; i++)
            limiter.TryTake();
        Assert.InRange(limiter.Dropped, 90, 101);
    }

    [Fact]
    public void TheAllowanceComesBackWithTime()
    {
        AlertLimiter limiter = new();
        while (limiter.TryTake())
        {
        }

        long start = Environment.TickCount64;
        Thread.Sleep(250);
        int taken = 0;
        while (limiter.TryTake())
            taken++;
        double elapsed = Environment.TickCount64 - start;
        Assert.InRange(taken, (Limits.AlertsPerSecond * 0.25) - 3, (Limits.AlertsPerSecond * elapsed / 1000) + 3);
        Assert.Equal(2, limiter.Dropped);
    }

    [Fact]
    public void ThreadsShareOneAllowance()
    {
        AlertLimiter limiter = new();
        int taken = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                if (limiter.TryTake())
                    Interlocked.Increment(ref taken);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.InRange(taken, Limits.AlertBurst, Limits.AlertBurst + 40);
        Assert.Equal(8000, taken + limiter.Dropped);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        AlertLimiter limiter = new();
        limiter.TryTake();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            limiter.TryTake();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
