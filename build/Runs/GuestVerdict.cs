namespace Build.Runs;

/// <summary>What the guest's module found in memory after its attack.</summary>
public enum GuestVerdict
{
    /// <summary>It did not get so far.</summary>
    None,

    /// <summary>The bytes are as before.</summary>
    Blocked,

    /// <summary>The bytes are the attack's.</summary>
    Landed,
}
