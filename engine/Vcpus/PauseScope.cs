using Engine.Hosting;

namespace Engine.Vcpus;

/// <summary>
/// Keeps all vCPUs of a guest out of it from the moment it is taken until it is disposed of. What needs the pause takes the scope as a
/// parameter, so that it is paused once however deep the calls go: an inner function passes on what it was given, or
/// <see cref="Nest"/> of it where it needs something to dispose of.
/// </summary>
/// <remarks>
/// <para>On some hypervisors an exit is handled under a lock that the other vCPUs need to get out of the guest (the QEMU glue). There
/// the glue says INTRO_GUEST_NO_PAUSE_IN_EXIT, <see cref="TakeInExit"/> takes nothing, and whoever needs the pause puts its work off to
/// the timer or does without.</para>
/// <para>Thread safety: a scope belongs to its thread. Two threads may hold one each; the glue's PauseVcpus nests.</para>
/// </remarks>
internal readonly ref struct PauseScope
{
    private readonly Hypervisor? _toResume;

    private PauseScope(Hypervisor? toResume, bool isPaused)
    {
        _toResume = toResume;
        IsPaused = isPaused;
    }

    /// <summary>Whether the vCPUs are paused. False: the glue cannot, cannot here, or failed; nothing is to be resumed then.</summary>
    public bool IsPaused { get; }

    /// <summary>Pauses, from a thread that is in no exit of the guest: the timer, or a function of the interface.</summary>
    public static PauseScope Take(Hypervisor hypervisor)
    {
        bool paused = hypervisor.TryPause();
        return new PauseScope(paused ? hypervisor : null, paused);
    }

    /// <summary>Pauses from within an exit, where the glue can.</summary>
    public static PauseScope TakeInExit(Hypervisor hypervisor) =>
        (hypervisor.Capabilities & GlueCapabilities.PauseInExit) != GlueCapabilities.None ? Take(hypervisor) : default;

    /// <summary>A scope within this one: as paused as it is, and nothing to resume.</summary>
    public PauseScope Nest() => new(null, IsPaused);

    /// <summary>Lets the vCPUs go on, if this scope has paused them.</summary>
    public void Dispose() => _toResume?.Resume();
}
