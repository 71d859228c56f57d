namespace Engine.Abi;

/// <summary>Power state of a guest (IG_GUEST_POWER_STATE).</summary>
public enum GuestPowerState
{
    /// <summary>It runs again after <see cref="Sleep"/>.</summary>
    Resume = 1,

    /// <summary>It goes to sleep (S3 or S4).</summary>
    Sleep = 2,

    /// <summary>It shuts down, or restarts.</summary>
    ShutDown = 3,

    /// <summary>It is being destroyed.</summary>
    Terminating = 4,
}
