namespace Engine.Hooks.Translations;

/// <summary>A linear page whose translation is watched; 48 bytes.</summary>
/// <remarks>Unmanaged; under the lock of TranslationHooks.</remarks>
internal struct WatchedPage
{
    /// <summary>For the pool.</summary>
    public int NextFree;

    /// <summary>Counts the uses of this record.</summary>
    public uint Generation;

    /// <summary>How it is translated, as the watchers were told last.</summary>
    public PageTranslation Current;

    /// <summary>Node of level 1.</summary>
    public int Node;

    /// <summary>First of its watches.</summary>
    public int FirstWatch;

    /// <summary>Serial of the last transaction that changed it.</summary>
    public uint Transaction;

    /// <summary>Number of its entry in the table.</summary>
    public ushort Index;

    /// <summary>Its translation has been looked at.</summary>
    public bool IsKnown;
}
