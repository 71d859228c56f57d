using Engine.Abi;

namespace Engine.Hooks;

/// <summary>What is asked about an access to bytes that it has hooked.</summary>
/// <remarks>Both members are called in the exit, on the vCPU's thread (a device's thread for a device), possibly on several at once;
/// they must not block, allocate, or throw on expected paths. They may set and remove hooks, also on the frame of the access and
/// their own; rights follow before the exit returns. A hook that was removed meanwhile is not asked.</remarks>
internal interface IFrameHookHandler
{
    /// <summary>Judges an access that overlaps a hook of this handler. An answer that is not known yet may be asked for by
    /// <see cref="FrameAccess.WantsOutcome"/>.</summary>
    /// <returns>The verdict; the strongest of all hooks wins.</returns>
    IntroAction OnAccess(ref FrameAccess access, in FrameHook hook);

    /// <summary>
    /// Tells what became of an access: called before its bytes land, once for each live hook that the access overlaps, if any handler
    /// wanted the outcome. Also called, with no question before, for further pieces of a store whose first piece was reported: they
    /// share its verdict.
    /// </summary>
    /// <param name="access">The piece of the access that overlaps the hook.</param>
    /// <param name="hook">The hook.</param>
    /// <param name="final">The strongest action. <see cref="IntroAction.Allowed"/>: the hypervisor completes the access, with exactly
    /// <see cref="FrameAccess.Data"/> where the exit carried the bytes. <see cref="IntroAction.AllowedVirtual"/>: the engine now
    /// performs the store; should that fail, the access is judged and told again, or the instruction exits again. Anything else:
    /// the access does not happen.</param>
    void OnOutcome(ref FrameAccess access, in FrameHook hook, IntroAction final)
    {
    }
}
