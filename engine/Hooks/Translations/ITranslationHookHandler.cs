using Engine.Abi;

namespace Engine.Hooks.Translations;

/// <summary>What is asked about changes of translations that it watches.</summary>
/// <remarks>Called in exits, on the timer, or by whoever compares; no lock is held. Members must not block, allocate, or throw on
/// expected paths; they may set and remove hooks and watches, their own too.</remarks>
internal interface ITranslationHookHandler
{
    /// <summary>
    /// Judges a change before it happens. A handler that will need rights of the new frame sets its hooks here: they are in force
    /// before the store lands.
    /// </summary>
    /// <param name="access">The store; when the change was found by looking, empty but for <see cref="FrameAccess.Memory"/>.</param>
    /// <param name="change">What will change.</param>
    /// <returns>The verdict on the store; the strongest of all wins.</returns>
    IntroAction OnChange(ref FrameAccess access, in TranslationChange change);

    /// <summary>Judges once more when the hooks that all handlers have set are in force, so that what it reads of the new frame does not
    /// change any more. Only for watches with <see cref="TranslationWatchFlags.Protects"/>, and if nobody has blocked the store.</summary>
    IntroAction OnProtected(ref FrameAccess access, in TranslationChange change) => IntroAction.Allowed;

    /// <summary>The change that was judged happens: its store lands next, or has landed. Called for changes that were not judged, too:
    /// the page has got another translation since the watch was set.</summary>
    void OnChanged(in TranslationChange change);

    /// <summary>The change that was judged does not happen.</summary>
    void OnDropped(in TranslationChange change)
    {
    }

    /// <summary>
    /// Judges a store whose effect on the page is not known, since its bytes are not, or since it concerns too many pages at once. Only
    /// for watches with <see cref="TranslationWatchFlags.FailClosed"/>, and only for one of those that it concerns.
    /// </summary>
    /// <param name="access">The store.</param>
    /// <param name="change">The page; old and new translation are alike.</param>
    IntroAction OnUnknown(ref FrameAccess access, in TranslationChange change) => IntroAction.NotAllowed;

    /// <summary>All changes that stores of a vCPU have made so far have landed; NoVcpu: those of devices, and what was found by looking.
    /// </summary>
    void OnSettled(uint vcpu)
    {
    }
}
