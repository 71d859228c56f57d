namespace Engine.Abi;

/// <summary>What the glue has to do with the access it reported (spec/10, section 1). The largest of several verdicts wins.</summary>
public enum IntroAction
{
    /// <summary>Complete the access.</summary>
    Allowed = 0,

    /// <summary>The engine has already done it, RIP included.</summary>
    AllowedVirtual = 1,

    /// <summary>Complete it with the bytes given to SetIntroEmulatorContext.</summary>
    AllowedPatched = 2,

    /// <summary>The access must not happen.</summary>
    NotAllowed = 3,

    /// <summary>As if the engine had not been asked.</summary>
    Ignore = 4,

    /// <summary>Enter the guest again, nothing changed.</summary>
    Retry = 5,
}
