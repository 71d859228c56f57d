using System;

namespace Engine.Abi;

/// <summary>Flags of <see cref="IntroViolationHeader"/> (ALERT_FLAG_, spec/43, section 8).</summary>
[Flags]
public enum AlertFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Log-only: the access happens although the action says NotAllowed.</summary>
    Beta = 0x1,

    /// <summary>The vCPU was not in ring 0.</summary>
    NotRing0 = 0x8,

    /// <summary>Not raised in an exit of the vCPU that did it.</summary>
    Async = 0x10,
}
