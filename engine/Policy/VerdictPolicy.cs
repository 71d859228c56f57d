using Engine.Abi;

namespace Engine.Policy;

/// <summary>Turns what a protection found into what happens: log-only options, and the fail policy.</summary>
/// <remarks>Thread safety: immutable. All protections so far guard the kernel, so that one option, INTRO_OPT_KM_BETA_DETECTIONS,
/// decides for all of them.</remarks>
internal sealed class VerdictPolicy
{
    private readonly bool _invert;

    /// <param name="options">Options of the guest, those that this version acts on.</param>
    /// <param name="invertVerdicts">For tests alone: every verdict about a guarded object is turned round.</param>
    public VerdictPolicy(GuestOptions options, bool invertVerdicts)
    {
        KernelLogOnly = (options & GuestOptions.KernelBeta) != GuestOptions.None;
        _invert = invertVerdicts;
    }

    /// <summary>Whether kernel protections alert but let it happen (spec/43, section 7: beta).</summary>
    public bool KernelLogOnly { get; }

    /// <summary>The action for a verdict of a kernel protection.</summary>
    public IntroAction KernelAction(IntroAction verdict)
    {
        bool blocks = verdict == IntroAction.NotAllowed && !KernelLogOnly;
        return blocks != _invert ? IntroAction.NotAllowed : IntroAction.Allowed;
    }
}
