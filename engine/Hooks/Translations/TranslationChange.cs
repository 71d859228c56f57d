namespace Engine.Hooks.Translations;

/// <summary>A change of how a watched page is translated.</summary>
internal readonly struct TranslationChange
{
    /// <summary>The watch's cookie.</summary>
    public ulong Cookie { get; init; }

    /// <summary>The watch, for removing it.</summary>
    public ulong Watch { get; init; }

    /// <summary>First linear address of the page.</summary>
    public ulong Linear { get; init; }

    /// <summary>Guest-physical address of the first table of the address space.</summary>
    public ulong Root { get; init; }

    /// <summary>How it is translated; what the watcher was told last.</summary>
    public PageTranslation Old { get; init; }

    /// <summary>How it will be.</summary>
    public PageTranslation New { get; init; }

    /// <summary>It has happened already, and was found by looking: an action has no effect.</summary>
    public bool IsObserved { get; init; }

    /// <summary>Number of the vCPU whose store it is, or that found it; NoVcpu: a device's, or found by the timer.</summary>
    public uint Vcpu { get; init; }

    /// <summary>No vCPU.</summary>
    public const uint NoVcpu = uint.MaxValue;
}
