using System;

namespace Engine.Abi;

/// <summary>Access of an EPT violation (IG_EPT_ACCESS, one byte at the boundary).</summary>
[Flags]
public enum EptAccess : byte
{
    /// <summary>No access.</summary>
    None = 0,

    /// <summary>IG_EPT_HOOK_READ.</summary>
    Read = 1,

    /// <summary>IG_EPT_HOOK_WRITE.</summary>
    Write = 2,

    /// <summary>IG_EPT_HOOK_EXECUTE.</summary>
    Execute = 4,
}
