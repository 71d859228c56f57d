namespace Engine.Hooks.Translations;

/// <summary>How a page of 4096 bytes is translated.</summary>
internal readonly record struct PageTranslation
{
    private const int PageShift = 12;

    /// <summary>The entry that decides it, as it is in memory: that of the page or of the large page around it; if it is absent, the
    /// one that is missing.</summary>
    public ulong Entry { get; init; }

    /// <summary>Guest-physical address of the page's first byte; 0 if it is absent.</summary>
    public ulong Physical { get; init; }

    /// <summary>What all levels together allow.</summary>
    public TranslationFlags Flags { get; init; }

    /// <summary>Binary logarithm of the page's size, of the large page around it if there is one: 12, 21, 22 or 30; 0 if it is absent.
    /// </summary>
    public byte SizeShift { get; init; }

    /// <summary>Whether there is a page.</summary>
    public bool IsPresent => SizeShift != 0;

    /// <summary>Whether the address is that of a page larger than 4096 bytes.</summary>
    public bool IsLarge => SizeShift > PageShift;

    /// <summary>Bytes of the page; 0 if it is absent.</summary>
    public ulong Size => IsPresent ? 1UL << SizeShift : 0;

    /// <summary>Tells whether another translation is the same in what counts: presence, address, size, R/W and U/S; accessed, dirty,
    /// and bits that the processor ignores do not.</summary>
    /// <param name="other">The other one.</param>
    /// <param name="withNoExecute">Whether XD counts.</param>
    public bool IsSameAs(in PageTranslation other, bool withNoExecute)
    {
        TranslationFlags counted = withNoExecute ? (TranslationFlags)0xFF : ~TranslationFlags.NoExecute;
        return Physical == other.Physical && SizeShift == other.SizeShift && ((Flags ^ other.Flags) & counted) == TranslationFlags.None;
    }
}
