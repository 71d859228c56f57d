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
}
