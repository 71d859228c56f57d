using System;

namespace Engine.Abi;

/// <summary>Zone of a victim (spec/43, section 1).</summary>
[Flags]
public enum ZoneFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Written.</summary>
    Write = 0x1000_0000,

    /// <summary>Read.</summary>
    Read = 0x2000_0000,

    /// <summary>Executed.</summary>
    Execute = 0x4000_0000,
}
