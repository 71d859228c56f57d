using System;

namespace Engine.Hooks.Linear;

/// <summary>How a hook on linear addresses behaves.</summary>
[Flags]
internal enum LinearHookFlags : byte
{
    /// <summary>It follows its page.</summary>
    None = 0,

    /// <summary>What is on the page when it comes back, or on another frame that takes its place, has to be what was there when it left
    /// (spec/13, section 3); <see cref="ILinearHookListener"/> is asked about anything else.</summary>
    Integrity = 1,

    /// <summary>Asked before hooks of the same frame that have not this flag.</summary>
    HighPriority = 2,
}
