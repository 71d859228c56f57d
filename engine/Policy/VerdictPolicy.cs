using Engine.Abi;

namespace Engine.Policy;

/// <summary>Turns what a protection found into what happens: log-only options, and the fail policy.</summary>
/// <remarks>Thread safety: immutable.</remarks>
internal sealed class VerdictPolicy
{
    private readonly GuestOptions _options;
    private readonly bool _invert;

    /// <param name="options">Options of the guest, those that this version acts on.</param>
    /// <param name="invertVerdicts">For tests alone: every verdict about a guarded object is turned round.</param>
    public VerdictPolicy(GuestOptions options, bool invertVerdicts)
    {
        _options = options;
        _invert = invertVerdicts;
    }

    /// <summary>Whether a protection alerts but lets it happen (spec/43, section 7: beta).</summary>
    public bool IsLogOnly(GuestOptions protection) =>
        (_options & GuestOptions.KernelBeta) != GuestOptions.None &&
        (protection & GuestOptions.KernelBetaGroup) != GuestOptions.None;

    /// <summary>The action for a verdict of a protection.</summary>
    public IntroAction ActionFor(GuestOptions protection, IntroAction verdict)
    {
        bool blocks = verdict == IntroAction.NotAllowed && !IsLogOnly(protection);
        return blocks != _invert ? IntroAction.NotAllowed : IntroAction.Allowed;
    }
}
