namespace Engine.Hooks.Translations;

/// <summary>An entry of a table that is monitored: 8 bytes, kept in the order of the entries.</summary>
internal struct TableSlot
{
    /// <summary>The node below, or in level 1 the page.</summary>
    public int Below;

    /// <summary>Number of the entry.</summary>
    public ushort Index;
}
