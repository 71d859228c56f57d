namespace Engine.Memory;

/// <summary>
/// What the paging entries of one page say besides its address (SDM 3A, 4.6): the entries of a walk, put together. After a walk
/// that failed, it is about the levels that were present.
/// </summary>
internal readonly struct PageRights
{
    private readonly ulong _all;
    private readonly ulong _any;
    private readonly ulong _leaf;

    /// <summary>Puts entries together. Those that have no rights, the pointers of PAE, count in neither of the first two.</summary>
    /// <param name="all">The bits that are set in every entry.</param>
    /// <param name="any">The bits that are set in one of them.</param>
    /// <param name="leaf">The last entry that was read, present or not.</param>
    public PageRights(ulong all, ulong any, ulong leaf)
    {
        _all = all;
        _any = any;
        _leaf = leaf;
    }

    /// <summary>The rights of a page while paging is off.</summary>
    public static PageRights Unrestricted => new(ulong.MaxValue, 0, PageEntry.Present | PageEntry.Dirty);

    /// <summary>The entry of the page as it is in memory; of a page that is absent, what the guest keeps there.</summary>
    public ulong Leaf => _leaf;

    /// <summary>It is a user-mode address: U/S at every level.</summary>
    public bool IsUser => (_all & PageEntry.User) != 0;

    /// <summary>R/W at every level.</summary>
    public bool IsWritable => (_all & PageEntry.Writable) != 0;

    /// <summary>XD at no level.</summary>
    public bool IsExecutable => (_any & PageEntry.NoExecute) == 0;

    /// <summary>Accessed at every level that has the bit.</summary>
    public bool IsAccessed => (_all & PageEntry.Accessed) != 0;

    /// <summary>Dirty at the leaf.</summary>
    public bool IsDirty => (_leaf & PageEntry.Dirty) != 0;

    /// <summary>G at the leaf.</summary>
    public bool IsGlobal => (_leaf & PageEntry.Global) != 0;

    /// <summary>Protection key of the leaf; 0 to 15. It means something in 4-level and 5-level paging, where keys are on.</summary>
    public int Key => (int)(_leaf >> PageEntry.KeyShift) & 15;
}
