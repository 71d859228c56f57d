using Engine.Injection;

namespace Engine.Events;

/// <summary>Looks at the pages of reads that wait, whatever address space runs.</summary>
internal sealed class SwapTimerJob(SwapMemory swap) : ITimerJob
{
    /// <inheritdoc/>
    public int Period => 1;

    /// <inheritdoc/>
    public string Name => "absent memory";

    /// <inheritdoc/>
    public void Run() => swap.Tick();
}
