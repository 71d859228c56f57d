namespace Tests.Differential;

/// <summary>What became of the cases of one form in one kind of code.</summary>
internal struct FormCounts
{
    /// <summary>Executed by the oracle and emulated.</summary>
    public long Compared;

    /// <summary>Executed by the oracle, not emulated.</summary>
    public long NotEmulated;

    /// <summary>Seed of the last of those.</summary>
    public ulong NotEmulatedSeed;

    /// <summary>Emulated, and unknown to the oracle's processor.</summary>
    public long Unknown;

    /// <summary>The first complaint of those.</summary>
    public string? UnknownCase;
}
