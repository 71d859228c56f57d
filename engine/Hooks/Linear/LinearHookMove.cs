namespace Engine.Hooks.Linear;

/// <summary>A page that comes with other bytes than it left with.</summary>
internal readonly struct LinearHookMove
{
    /// <summary>The hook's cookie.</summary>
    public ulong Cookie { get; init; }

    /// <summary>The hook.</summary>
    public ulong Hook { get; init; }

    /// <summary>First hooked linear address.</summary>
    public ulong Linear { get; init; }

    /// <summary>Number of hooked bytes.</summary>
    public int Length { get; init; }

    /// <summary>Guest-physical address where they will be.</summary>
    public ulong Place { get; init; }

    /// <summary>It has happened already, and was found by looking: an action has no effect.</summary>
    public bool IsObserved { get; init; }
}
