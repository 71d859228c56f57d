using Engine.Abi;

namespace Engine.Hooks.Linear;

/// <summary>What is asked about hooked pages whose bytes were changed where no hook could see it: while they were absent, or on the way to
/// another frame.</summary>
/// <remarks>Called in exits or on the timer, with no lock held; the same rules as for IFrameHookHandler.</remarks>
internal interface ILinearHookListener
{
    /// <summary>Judges the page-table store that brings the page in. The frame is hooked already, so that its bytes do not change any
    /// more.</summary>
    /// <param name="access">The store; only Memory, if it was found by looking.</param>
    /// <param name="move">What comes.</param>
    IntroAction OnOtherBytes(ref FrameAccess access, in LinearHookMove move);
}
