using System;

namespace Build.Runs;

/// <summary>What the guest's module reads after its attack, and what it makes of it.</summary>
/// <param name="Subject">What was attacked: gate, CR0, LSTAR, ..</param>
/// <param name="Value">What it reads: of a gate, through the table.</param>
/// <param name="ThroughAlias">What a gate reads through the module's own mapping, else empty.</param>
public sealed record AttackReading(string Subject, string Value, string ThroughAlias, GuestVerdict Verdict)
{
    private const string Mark = "attack: ";
    private const string Reads = " reads ";
    private const string Write = ": write ";
    private const string Also = " and ";

    /// <summary>attack: SUBJECT reads VALUE [through the IDT and VALUE through the alias]: write VERDICT</summary>
    public static AttackReading? Parse(string line)
    {
        int mark = line.IndexOf(Mark, StringComparison.Ordinal);
        int reads = line.IndexOf(Reads, StringComparison.Ordinal);
        int write = line.LastIndexOf(Write, StringComparison.Ordinal);
        if (mark < 0 || reads < mark || write < reads)
            return null;
        string values = line[(reads + Reads.Length)..write];
        int also = values.IndexOf(Also, StringComparison.Ordinal);
        return new AttackReading(
            line[(mark + Mark.Length)..reads], FirstWord(values), also < 0 ? "" : FirstWord(values[(also + Also.Length)..]),
            VerdictOf(line[(write + Write.Length)..]));
    }

    private static string FirstWord(string text) => text.Split(' ', 2)[0];

    private static GuestVerdict VerdictOf(string words) => words.Split([' ', ','], 2)[0] switch
    {
        "BLOCKED" => GuestVerdict.Blocked,
        "LANDED" => GuestVerdict.Landed,
        _ => GuestVerdict.None,
    };
}
