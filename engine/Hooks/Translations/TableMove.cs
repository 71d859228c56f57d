namespace Engine.Hooks.Translations;

/// <summary>A node that a store gives another table, or none, or other rights from above.</summary>
internal struct TableMove
{
    /// <summary>The node.</summary>
    public RecordKey Node;

    /// <summary>The table to come.</summary>
    public ulong Table;

    /// <summary>The entry above to come.</summary>
    public ulong Entry;

    /// <summary>The rights from above to come.</summary>
    public TranslationFlags Above;
}
