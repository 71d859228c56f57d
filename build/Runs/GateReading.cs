using System;

namespace Build.Runs;

/// <summary>What the guest's module reads after its attack, by both ways, and what it makes of it.</summary>
public sealed record GateReading(string ThroughIdt, string ThroughAlias, GuestVerdict Verdict)
{
    private const string Mark = "attack: gate reads ";

    public static GateReading? Parse(string line)
    {
        int at = line.IndexOf(Mark, StringComparison.Ordinal);
        if (at < 0)
            return null;
        // HEX through the IDT and HEX through the alias: write VERDICT
        string[] words = line[(at + Mark.Length)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 11)
            return null;
        return new GateReading(words[0], words[5], words[10].TrimEnd(',') switch
        {
            "BLOCKED" => GuestVerdict.Blocked,
            "LANDED" => GuestVerdict.Landed,
            _ => GuestVerdict.None,
        });
    }
}
