namespace Engine.Hooks.Translations;

/// <summary>A page whose translation a store changes.</summary>
internal struct PageChange
{
    /// <summary>The page, by whose use one that went meanwhile is known.</summary>
    public RecordKey Page;

    /// <summary>The translation to come.</summary>
    public PageTranslation New;

    /// <summary>What the watchers were told last, when the change was made.</summary>
    public PageTranslation Old;

    /// <summary>It was made.</summary>
    public bool IsMade;

    /// <summary>Something else that the same store changes has taken its place, after the handlers had been asked about it.</summary>
    public bool IsVoid;

    /// <summary>The handlers know that it is void.</summary>
    public bool IsTold;
}
