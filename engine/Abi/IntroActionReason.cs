namespace Engine.Abi;

/// <summary>Why an action was chosen (INTRO_ACTION_REASON); only the values that this version gives.</summary>
public enum IntroActionReason
{
    /// <summary>Nothing speaks against it.</summary>
    Allowed = 0,

    /// <summary>No rule allows it.</summary>
    NoException = 3,

    /// <summary>The engine could not judge it.</summary>
    InternalError = 6,

    /// <summary>The store changes nothing.</summary>
    SameValue = 14,
}
