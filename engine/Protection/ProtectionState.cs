namespace Engine.Protection;

/// <summary>How well something is guarded in this guest, on this hypervisor.</summary>
internal enum ProtectionState
{
    /// <summary>Not asked for.</summary>
    Off,

    /// <summary>Changes are judged before they happen.</summary>
    Prevented,

    /// <summary>Changes cannot be trapped here; the timer finds them.</summary>
    Watched,

    /// <summary>Asked for, and not possible here.</summary>
    NotPossible,
}
