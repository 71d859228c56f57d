using System.Threading;
using Engine.Abi;

namespace Engine.Policy;

/// <summary>Turns what a protection found into what happens: what is guarded at all, log-only options, and the fail policy.</summary>
/// <remarks>Thread safety: any thread. What is in force changes with one store, so that for exits all options change at once: a hook that is
/// there already, or still, means nothing while its option is off. All protections so far guard the kernel, so that one option,
/// INTRO_OPT_KM_BETA_DETECTIONS, decides for all of them.</remarks>
internal sealed class VerdictPolicy
{
    private readonly bool _invert;
    private OptionSet _inForce = OptionSet.None;

    /// <summary>A policy with nothing in force.</summary>
    /// <param name="invertVerdicts">For tests alone: every verdict about a guarded object is turned round.</param>
    public VerdictPolicy(bool invertVerdicts) => _invert = invertVerdicts;

    /// <summary>What is in force.</summary>
    public OptionSet InForce
    {
        get => Volatile.Read(ref _inForce);
        set => Volatile.Write(ref _inForce, value);
    }

    /// <summary>Whether kernel protections alert but let it happen (spec/43, section 7: beta).</summary>
    public bool KernelLogOnly => InForce.Has(GuestOptions.KernelBeta);

    /// <summary>The action for a verdict of a kernel protection.</summary>
    public IntroAction KernelAction(IntroAction verdict)
    {
        bool blocks = verdict == IntroAction.NotAllowed && !KernelLogOnly;
        return blocks != _invert ? IntroAction.NotAllowed : IntroAction.Allowed;
    }
}
