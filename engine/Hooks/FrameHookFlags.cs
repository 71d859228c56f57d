using System;

namespace Engine.Hooks;

/// <summary>State of a frame hook, and how it wants to be asked.</summary>
[Flags]
internal enum FrameHookFlags : byte
{
    /// <summary>A live hook.</summary>
    None = 0,

    /// <summary>Removed: never asked again. Written once.</summary>
    Removed = 1,

    /// <summary>Not asked for the time being; rights stay withdrawn.</summary>
    Disabled = 2,

    /// <summary>Removed or disabled.</summary>
    Skipped = Removed | Disabled,
}
