namespace Engine.Hooks.Translations;

/// <summary>What has to be done next for a new watch.</summary>
internal enum SetupStepKind
{
    /// <summary>Nothing.</summary>
    Done,

    /// <summary>A table has a new hook, which has to take effect.</summary>
    Commit,

    /// <summary>An entry has to be read.</summary>
    Read,

    /// <summary>A limit of hooks is reached.</summary>
    NoRoom,
}
