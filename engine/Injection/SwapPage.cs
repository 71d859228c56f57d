namespace Engine.Injection;

/// <summary>One page of a waiting read.</summary>
internal struct SwapPage
{
    /// <summary>A <see cref="SwapPageState"/>; changed by compare-exchange, except to Done, which only the claimer does.</summary>
    public int State;

    /// <summary>Page faults that were injected for it.</summary>
    public int Attempts;

    /// <summary>When <see cref="State"/> became Injected or Delivered, in milliseconds.</summary>
    public long Time;

    /// <summary>Whether somebody tells when its translation changes.</summary>
    public bool IsWatched;
}
