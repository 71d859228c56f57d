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

    /// <summary>Asked before hooks that have not this flag; for <see cref="FrameHooks.Set"/>.</summary>
    HighPriority = 4,

    /// <summary>Judges by the bytes alone: where the exit carries them, it needs no registers and no instruction; for
    /// <see cref="FrameHooks.Set"/>.</summary>
    BytesOnly = 8,

    /// <summary>What <see cref="FrameHooks.Set"/> takes.</summary>
    OfCaller = HighPriority | BytesOnly,
}
