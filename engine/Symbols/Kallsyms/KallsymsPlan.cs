namespace Engine.Symbols.Kallsyms;

/// <summary>Where a kernel's tables of names lie in the memory that was searched: offsets, all found by content.</summary>
/// <param name="Tokens">The tokens.</param>
/// <param name="Count">Number of symbols.</param>
/// <param name="CountOffset">Where that number stands.</param>
/// <param name="Names">Where the names begin.</param>
/// <param name="NamesEnd">Where they end.</param>
/// <param name="Markers">Number of markers, one for 256 names.</param>
/// <param name="MarkerSize">Bytes of a marker: 8 in kernels before 4.20, else 4.</param>
/// <param name="HasOrderBeforeTokens">Whether something of the size of an order of names lies in front of the tokens (6.2 and 6.3).
/// </param>
/// <param name="Scheme">How the lengths of names are written.</param>
internal sealed record KallsymsPlan(
    KallsymsTokens Tokens, int Count, int CountOffset, int Names, int NamesEnd, int Markers, int MarkerSize, bool HasOrderBeforeTokens,
    KallsymsScheme Scheme);
