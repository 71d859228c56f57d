using System;

namespace Engine.Abi;

/// <summary>Protections that the reference has no option for (INTRO_GUARD_).</summary>
[Flags]
public enum GuardOptions : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>CR0.WP cleared, and PE or PG cleared once they were set.</summary>
    Cr0Wp = 1,

    /// <summary>CR4.UMIP cleared.</summary>
    Cr4Umip = 2,

    /// <summary>EFER.NXE cleared.</summary>
    EferNxe = 4,

    /// <summary>Everything that this version has built.</summary>
    Supported = Cr0Wp | Cr4Umip | EferNxe,
}
