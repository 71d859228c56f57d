using System;

namespace Engine.Abi;

/// <summary>Kind of an MSR exit (IG_MSR_HOOK_TYPE).</summary>
[Flags]
public enum MsrAccess : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>RDMSR.</summary>
    Read = 1,

    /// <summary>WRMSR.</summary>
    Write = 2,

    /// <summary>Either.</summary>
    Both = Read | Write,
}
