namespace Engine.Hooks.Translations;

/// <summary>Somebody who watches a page; 32 bytes.</summary>
/// <remarks>Unmanaged; under the lock of TranslationHooks.</remarks>
internal struct TranslationWatch
{
    /// <summary>For the pool.</summary>
    public int NextFree;

    /// <summary>Counts the uses of this record.</summary>
    public uint Generation;

    /// <summary>For the handler.</summary>
    public ulong Cookie;

    /// <summary>The page; -1: removed.</summary>
    public int Page;

    /// <summary>Next watch of the page; -1: none.</summary>
    public int Next;

    /// <summary>Index of the handler.</summary>
    public ushort Handler;

    /// <summary>How it wants to be asked.</summary>
    public TranslationWatchFlags Flags;
}
