namespace Build.Runs;

/// <summary>One attack: what the guest announced, what it found afterwards, and what was reported about it meanwhile.</summary>
public sealed record AttackOutcome(AttackLine Attack, AttackReading? Reading, Alert? Alert)
{
    public GuestVerdict Verdict => Reading?.Verdict ?? GuestVerdict.None;
}
