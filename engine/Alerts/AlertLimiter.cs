using System;
using System.Threading;

namespace Engine.Alerts;

/// <summary>
/// Limits how many alerts a guest can cause: <see cref="Limits.AlertBurst"/> at once, then <see cref="Limits.AlertsPerSecond"/>.
/// What is above is counted and dropped; the verdict is the same.
/// </summary>
/// <remarks>The generic cell rate algorithm: one number, the time up to which the allowance is used up. Thread safety: any
/// thread, one compare-exchange.</remarks>
internal sealed class AlertLimiter
{
    private const long IntervalMicroseconds = 1_000_000 / Limits.AlertsPerSecond;
    private const long BurstMicroseconds = IntervalMicroseconds * (Limits.AlertBurst - 1);

    private long _usedUpTo = long.MinValue / 2;
    private long _dropped;

    /// <summary>Alerts that were dropped so far.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes one alert from the allowance. False: none is left, and it was counted as dropped.</summary>
    public bool TryTake()
    {
        long now = Environment.TickCount64 * 1000;
        while (true)
        {
            long used = Volatile.Read(ref _usedUpTo);
            long start = Math.Max(used, now);
            if (start - now > BurstMicroseconds)
            {
                Interlocked.Increment(ref _dropped);
                return false;
            }

            if (Interlocked.CompareExchange(ref _usedUpTo, start + IntervalMicroseconds, used) == used)
                return true;
        }
    }
}
