namespace Engine.Instructions.Emulation;

/// <summary>What became of a store that the engine was to perform.</summary>
internal enum CommitOutcome
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>The bytes that it was computed from are others by now; nothing was done.</summary>
    Changed,

    /// <summary>It cannot be done; nothing was done.</summary>
    Failed,
}
