using System;
using System.Threading;

namespace Engine.Concurrency;

/// <summary>
/// Limits how often a guest can cause something: a burst at once, then so many a second. What is above is counted.
/// </summary>
/// <remarks>The generic cell rate algorithm: one number, the time up to which the allowance is used up. Thread safety: any
/// thread, one compare-exchange.</remarks>
internal sealed class RateLimiter
{
    private readonly long _intervalMicroseconds;
    private readonly long _burstMicroseconds;
    private long _usedUpTo = long.MinValue / 2;
    private long _dropped;

    public RateLimiter(int burst, int perSecond)
    {
        _intervalMicroseconds = 1_000_000 / perSecond;
        _burstMicroseconds = _intervalMicroseconds * (burst - 1);
    }

    /// <summary>How often it was refused so far.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes one from the allowance. False: none is left, and it was counted as dropped.</summary>
    public bool TryTake()
    {
        long now = Environment.TickCount64 * 1000;
        while (true)
        {
            long used = Volatile.Read(ref _usedUpTo);
            long start = Math.Max(used, now);
            if (start - now > _burstMicroseconds)
            {
                Interlocked.Increment(ref _dropped);
                return false;
            }

            if (Interlocked.CompareExchange(ref _usedUpTo, start + _intervalMicroseconds, used) == used)
                return true;
        }
    }
}
