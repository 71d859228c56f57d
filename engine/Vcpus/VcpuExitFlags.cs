using System;

namespace Engine.Vcpus;

/// <summary>Facts about an exit that the glue states in the record (VCPU_EXIT_).</summary>
[Flags]
public enum VcpuExitFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>ExitData holds the bytes of the store.</summary>
    Data = 1,

    /// <summary>The linear address is not known.</summary>
    NoGla = 2,

    /// <summary>RIP is past the instruction.</summary>
    RipRetired = 4,
}
