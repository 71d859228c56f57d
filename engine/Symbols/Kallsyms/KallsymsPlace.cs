namespace Engine.Symbols.Kallsyms;

/// <summary>Where the addresses lie (spec/33, 2.2).</summary>
internal enum KallsymsPlace
{
    /// <summary>In front of the number of symbols; kernels up to 6.3.</summary>
    BeforeNames,

    /// <summary>Behind the index of tokens; since 6.4.</summary>
    AfterTokens,
}
