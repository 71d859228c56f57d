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

    /// <summary>INTRO_GUEST_GUARDED_FAILS_OPEN: what cannot be judged about a guarded object is allowed.</summary>
    GuardedFailsOpen = 8,

    /// <summary>INTRO_GUEST_OTHERS_FAIL_CLOSED: what cannot be judged elsewhere is not allowed.</summary>
    OthersFailClosed = 16,

    /// <summary>All of them.</summary>
    Supported = AppliesDirtyMask | NoPauseInExit | NoPageTables | GuardedFailsOpen | OthersFailClosed,
}
