namespace Engine.Hooks.Translations;

/// <summary>What a paging entry leads to.</summary>
internal enum EntryKind
{
    /// <summary>Nothing: it is not present, or has a reserved bit set, so that every use faults.</summary>
    Absent,

    /// <summary>The table of the next level.</summary>
    Table,

    /// <summary>A page.</summary>
    Page,
}
