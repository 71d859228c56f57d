namespace Engine.Events;

/// <summary>Something that is done now and then.</summary>
internal interface ITimerJob
{
    /// <summary>Ticks of the timer from one run to the next, at least 1. There is one tick a second (IG_TIMER_FREQUENCY).</summary>
    int Period { get; }

    /// <summary>What it is called in the log.</summary>
    string Name { get; }

    /// <summary>Does it. Bounded by itself; never two runs at once.</summary>
    void Run();
}
