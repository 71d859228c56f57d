using System.Diagnostics;

namespace Engine.Hosting;

/// <summary>Length of a tick of <see cref="Hypervisor.Ticks"/>, measured against the clock since this was made.</summary>
internal sealed class TickScale
{
    private readonly Hypervisor _hypervisor;
    private readonly ulong _startTicks;
    private readonly long _startTime = Stopwatch.GetTimestamp();

    public TickScale(Hypervisor hypervisor)
    {
        _hypervisor = hypervisor;
        _startTicks = hypervisor.Ticks();
    }

    /// <summary>Ticks as nanoseconds.</summary>
    public ulong ToNanoseconds(ulong ticks)
    {
        ulong elapsedTicks = _hypervisor.Ticks() - _startTicks;
        double elapsed = Stopwatch.GetElapsedTime(_startTime).TotalNanoseconds;
        return elapsedTicks == 0 ? 0 : (ulong)(ticks * (elapsed / elapsedTicks));
    }
}
