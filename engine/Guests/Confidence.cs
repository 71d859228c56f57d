namespace Engine.Guests;

/// <summary>What a fact about a guest is worth.</summary>
internal enum Confidence
{
    /// <summary>Said by one source that the guest could forge; used to look further, not to decide.</summary>
    Hint,

    /// <summary>Passed the test of its form.</summary>
    Found,

    /// <summary>Agrees with a source of another kind.</summary>
    Verified,

    /// <summary>Disagrees with another source: nothing is built on it, and it is a sign of tampering.</summary>
    Contradicted,
}
