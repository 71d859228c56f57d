namespace Engine.Protection;

/// <summary>Whoever has put a region under <see cref="IntegrityRegions"/>.</summary>
internal interface IIntegrityHandler
{
    /// <summary>
    /// The region has changed. Called on the timer's thread, once a tick as long as it differs, with no lock held; regions may be added
    /// and removed here, this one too.
    /// </summary>
    /// <param name="change">What has changed; valid until the call returns.</param>
    /// <returns>What becomes of it.</returns>
    IntegrityAnswer OnChange(in IntegrityChange change);
}
