namespace Engine.Hooks.Translations;

/// <summary>The next step of setting a watch, with what it is about.</summary>
internal readonly struct SetupStep
{
    /// <summary>What is to be done.</summary>
    public SetupStepKind Kind { get; init; }

    /// <summary>The node.</summary>
    public RecordKey Node { get; init; }

    /// <summary>Its table.</summary>
    public ulong Table { get; init; }

    /// <summary>The entry.</summary>
    public int Index { get; init; }
}
