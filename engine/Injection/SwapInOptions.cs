using System;

namespace Engine.Injection;

/// <summary>How the pages of a read come into memory (spec/14, section 10).</summary>
[Flags]
internal enum SwapInOptions : uint
{
    /// <summary>By a page fault in any ring.</summary>
    None = 0,

    /// <summary>By nobody: it waits until the guest itself needs them.</summary>
    NoFault = 1,

    /// <summary>By a page fault in user mode.</summary>
    UserFault = 2,

    /// <summary>By a page fault in kernel mode.</summary>
    KernelFault = 4,

    /// <summary>By an agent in the guest, which this version does not have: such a read is refused.</summary>
    BreakpointFault = 0x10,

    /// <summary>They have to be writable: what is shared until it is written to is copied first.</summary>
    WriteFault = 0x20,

    /// <summary>The same read twice is one.</summary>
    NoDuplicates = 0x8000_0000,
}
