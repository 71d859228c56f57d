namespace Build.Runs;

/// <summary>What a demo is to show.</summary>
public enum DemoMode
{
    /// <summary>The attack is reported and does not happen.</summary>
    Block,

    /// <summary>The attack is reported and happens.</summary>
    LogOnly,

    /// <summary>There is no engine: the attack happens.</summary>
    Unwatched,
}
