using System;

namespace Engine.Hosting;

/// <summary>What a glue layer can do, by the members of its table that are not null.</summary>
[Flags]
internal enum GlueCapabilities
{
    /// <summary>The least.</summary>
    None = 0,

    /// <summary>Guest memory can be mapped by PhysMemMapToHost.</summary>
    MapMemory = 1,

    /// <summary>Rights of a frame can be withdrawn, and violations are reported.</summary>
    FrameRights = 2,

    /// <summary>Changed rights can be flushed at once.</summary>
    FlushRights = 4,

    /// <summary>Writes to control registers can exit.</summary>
    CrWrites = 8,

    /// <summary>Writes to model-specific registers can exit.</summary>
    MsrWrites = 16,

    /// <summary>Loads of IDTR and GDTR exit.</summary>
    TableLoads = 32,

    /// <summary>XSETBV exits.</summary>
    XcrWrites = 64,

    /// <summary>All vCPUs can be paused and resumed.</summary>
    Pause = 128,

    /// <summary>The timer's handler can be registered.</summary>
    Timer = 256,

    /// <summary>All vCPUs can be paused from within an exit.</summary>
    PauseInExit = 512,

    /// <summary>Exceptions can be injected.</summary>
    Injection = 1024,

    /// <summary>What was delivered after an injection is reported.</summary>
    InjectionNotices = 2048,

    /// <summary>INT3 can exit.</summary>
    Breakpoints = 4096,

    /// <summary>VMCALL can exit.</summary>
    IntroCalls = 8192,

    /// <summary>A frame whose rights are withdrawn may hold page tables.</summary>
    PageTableRights = 16384,

    /// <summary>Rights of a frame can be read.</summary>
    ReadRights = 32768,

    /// <summary>An emulated read can be given other bytes than memory has.</summary>
    PatchedReads = 65536,

    /// <summary>Repeated instructions can be made to exit for each iteration.</summary>
    SingleIterations = 131072,
}
