using Engine.Abi;
using Engine.Hooks;

namespace Engine.Events;

/// <summary>Is told of accesses that could not be judged, and what the fail policy made of them; and of stores that were judged and are not
/// certain to be those that land.</summary>
internal interface IUnjudgedAccesses
{
    /// <summary>Called in the exit, possibly on several vCPUs at once; must not block, allocate, or throw.</summary>
    /// <param name="access">What is known of the access; what is not known is 0, and registers may be missing from the record.</param>
    /// <param name="action">What happens.</param>
    void OnUnjudged(in FrameAccess access, IntroAction action);

    /// <summary>Called in the same way for a store to something hooked that was allowed and that the engine cannot perform: the hypervisor
    /// executes whatever instruction is there then.</summary>
    /// <param name="access">The access that has exited; registers are valid and the instruction, if there is one, is decoded.</param>
    void OnLeftToHypervisor(in FrameAccess access);
}
