namespace Engine.Protection;

/// <summary>What becomes of a region that has changed.</summary>
internal enum IntegrityAnswer
{
    /// <summary>Nothing: the next tick finds it changed again.</summary>
    Leave,

    /// <summary>What was found, and reported, is right from now on (IntIntegrityRecalculate).</summary>
    Accept,

    /// <summary>The bytes are written back, while all vCPUs are paused.</summary>
    Restore,
}
