namespace Engine.Events;

/// <summary>A job of the timer, and the tick at which it is to run next.</summary>
internal sealed class TimerEntry(ITimerJob job, ulong due)
{
    /// <summary>The job.</summary>
    public ITimerJob Job { get; } = job;

    /// <summary>Number of the tick. Only the thread that ticks changes it.</summary>
    public ulong Due { get; set; } = due;
}
