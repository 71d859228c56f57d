namespace Engine.Hooks.Translations;

/// <summary>What is to be done once a store has landed.</summary>
internal enum PendingState
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>Nothing: it changed nothing that counts, and nobody else has changed these entries since.</summary>
    InFlight,

    /// <summary>The entries are to be compared with what they are taken for.</summary>
    Verify,
}
