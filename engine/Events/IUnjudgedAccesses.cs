using Engine.Abi;
using Engine.Hooks;

namespace Engine.Events;

/// <summary>Is told of accesses that could not be judged, and what the fail policy made of them.</summary>
internal interface IUnjudgedAccesses
{
    /// <summary>Called in the exit, possibly on several vCPUs at once; must not block, allocate, or throw.</summary>
    /// <param name="access">What is known of the access; what is not known is 0, and registers may be missing from the record.</param>
    /// <param name="action">What happens.</param>
    void OnUnjudged(in FrameAccess access, IntroAction action);
}
