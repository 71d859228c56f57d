using Engine.Abi;

namespace Engine.Events;

/// <summary>
/// What happens where an access cannot be judged: guarded objects are closed, everything else is open, unless the guest is
/// configured otherwise (INTRO_GUEST_GUARDED_FAILS_OPEN, INTRO_GUEST_OTHERS_FAIL_CLOSED).
/// </summary>
/// <remarks>One a guest; immutable, any thread.</remarks>
internal sealed class FailPolicy
{
    public FailPolicy(GuestConfigFlags flags)
    {
        Guarded = (flags & GuestConfigFlags.GuardedFailsOpen) != GuestConfigFlags.None ? IntroAction.Allowed : IntroAction.NotAllowed;
        Others = (flags & GuestConfigFlags.OthersFailClosed) != GuestConfigFlags.None ? IntroAction.NotAllowed : IntroAction.Allowed;
    }

    /// <summary>The action about a guarded object.</summary>
    public IntroAction Guarded { get; }

    /// <summary>The action about anything else.</summary>
    public IntroAction Others { get; }
}
