using Engine.Abi;

namespace Engine.Hooks;

/// <summary>What is asked about an access to bytes that it has hooked.</summary>
internal interface IFrameHookHandler
{
    /// <summary>
    /// Judges an access that overlaps a hook of this handler. Called in the exit, on the vCPU's thread, possibly on several at
    /// once; must not block, allocate, or throw on expected paths.
    /// </summary>
    /// <returns>The verdict; the strongest of all hooks wins.</returns>
    IntroAction OnAccess(ref FrameAccess access, in FrameHook hook);
}
