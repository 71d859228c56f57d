using System;

namespace Engine.Concurrency;

/// <summary>What the end of an exit may have to do besides.</summary>
[Flags]
internal enum ExitChore
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Rights have changed and are to be put into force.</summary>
    CommitRights = 1,

    /// <summary>Pages that somebody waits for are to be asked for.</summary>
    SwapIn = 2,

    /// <summary>The guest is to be let go.</summary>
    EndGuest = 4,

    /// <summary>Blocks wait to be freed.</summary>
    FreeBlocks = 8,

    /// <summary>Mappings wait to be given back.</summary>
    UnmapPages = 16,

    /// <summary>Stores to page tables have landed that hooks are to hear of.</summary>
    SettleTranslations = 32,
}
