namespace Engine.Symbols.Kallsyms;

/// <summary>What of a kernel's symbols was not found.</summary>
internal enum KallsymsFailure
{
    /// <summary>All of it was found.</summary>
    None,

    /// <summary>There is no table of tokens with an index that agrees.</summary>
    NoTokens,

    /// <summary>There is no run of markers.</summary>
    NoMarkers,

    /// <summary>There are no names whose lengths give the markers.</summary>
    NoNames,

    /// <summary>A name is not sound.</summary>
    BadNames,

    /// <summary>No way of writing addresses gives the image's bounds.</summary>
    NoAddresses,

    /// <summary>More than one does.</summary>
    Ambiguous,
}
