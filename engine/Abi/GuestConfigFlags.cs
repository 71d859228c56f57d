using System;

namespace Engine.Abi;

/// <summary>Flags of <see cref="IntroGuestConfig"/>.</summary>
[Flags]
public enum GuestConfigFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>INTRO_GUEST_APPLIES_DIRTY_MASK: registers are changed through the record's DirtyMask.</summary>
    AppliesDirtyMask = 1,

    /// <summary>INTRO_GUEST_NO_PAUSE_IN_EXIT: PauseVcpus must not be called from within an exit handler.</summary>
    NoPauseInExit = 2,

    /// <summary>INTRO_GUEST_NO_PAGE_TABLES: rights of pages that hold page tables must not be withdrawn.</summary>
    NoPageTables = 4,

    /// <summary>All of them.</summary>
    Supported = AppliesDirtyMask | NoPauseInExit | NoPageTables,
}
