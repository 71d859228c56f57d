namespace Engine.Memory;

/// <summary>What the paging entries of one page say besides its address (SDM 3A, 4.6).</summary>
internal readonly record struct PageRights
{
    /// <summary>Code at CPL 3 may access it: U/S at every level.</summary>
    public bool IsUser { get; init; }

    /// <summary>R/W at every level.</summary>
    public bool IsWritable { get; init; }

    /// <summary>Accessed at every level that has the bit.</summary>
    public bool IsAccessed { get; init; }

    /// <summary>Dirty at the leaf.</summary>
    public bool IsDirty { get; init; }

    /// <summary>Protection key of the leaf.</summary>
    public int Key { get; init; }
}
