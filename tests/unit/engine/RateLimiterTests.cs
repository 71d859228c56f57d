using System;
using System.Linq;
using System.Threading;
using Engine;
using Engine.Concurrency;
using Xunit;

namespace Tests.Unit;

public sealed class RateLimiterTests
{
    [Fact]
    public void ABurstIsAllowedAndTheRestCounted()
    {
        RateLimiter limiter = new(Limits.AlertBurst, Limits.AlertsPerSecond);
        long start = Environment.TickCount64;
        int taken = 0;
        while (limiter.TryTake())
            taken++;

        Assert.InRange(taken, Limits.AlertBurst, MostSince(start));
        Assert.Equal(1, limiter.Dropped);
        int more = 0;
        for (int i = 0; i < 100; i++)
            more += limiter.TryTake() ? 1 : 0;
        Assert.Equal(101 - more, limiter.Dropped);
        Assert.InRange(taken + more, Limits.AlertBurst, MostSince(start));
    }

    [Fact]
    public void TheAllowanceComesBackWithTime()
    {
        RateLimiter limiter = new(Limits.AlertBurst, Limits.AlertsPerSecond);
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
        RateLimiter limiter = new(Limits.AlertBurst, Limits.AlertsPerSecond);
        int taken = 0;
        long start = Environment.TickCount64;
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
        Assert.InRange(taken, Limits.AlertBurst, MostSince(start));
        Assert.Equal(8000, taken + limiter.Dropped);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        RateLimiter limiter = new(Limits.AlertBurst, Limits.AlertsPerSecond);
        limiter.TryTake();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            limiter.TryTake();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>The burst, and what came back since; one for the clock's step.</summary>
    private static double MostSince(long start) =>
        Limits.AlertBurst + 1 + (Limits.AlertsPerSecond * (Environment.TickCount64 - start + 16) / 1000.0);
}
