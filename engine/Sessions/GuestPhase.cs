namespace Engine.Sessions;

/// <summary>Where a guest is in its life.</summary>
internal enum GuestPhase
{
    /// <summary>Known by a declaration, not introspected.</summary>
    Declared,

    /// <summary>NewGuestNotification or DisableIntro is at work.</summary>
    Changing,

    /// <summary>Introspected.</summary>
    Active,

    /// <summary>Being let go: nothing is guarded any more, but something of the engine is still in use in the guest, so that exits go on.
    /// </summary>
    Ending,

    /// <summary>Being let go; an exit was still inside when it was tried last.</summary>
    Closing,

    /// <summary>Out of the directory: a thread that found it before then looks again.</summary>
    Forgotten,
}
