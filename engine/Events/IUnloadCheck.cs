using Engine.Vcpus;

namespace Engine.Events;

/// <summary>Whoever has put something into the guest: asked whether the guest can do without it before it is let go.</summary>
internal interface IUnloadCheck
{
    /// <summary>False: not now; some vCPU is in it, or will return to it. Exits go on, and the guest is asked to be let go again.
    /// </summary>
    /// <param name="pause">Whether the vCPUs are paused for the question.</param>
    bool MayUnload(scoped in PauseScope pause);
}
