using System;
using System.Collections.Generic;
using System.Linq;
using Build.Cli;

namespace Build.Runs;

/// <summary>The end of a demo: a row an attack, what the engine says beside what the guest says.</summary>
public static class DemoSummary
{
    public static IEnumerable<string> Lines(GuestRunResult run, IReadOnlyList<string> kinds)
    {
        TextTable table = new("attack", "what it tries", "by", "reported", "the guest's own words");
        foreach (string kind in kinds)
        {
            AttackOutcome? outcome = run.Outcomes.FirstOrDefault(o => string.Equals(o.Attack.What, kind, StringComparison.Ordinal));
            table.Add(kind, AttackKinds.Describe(kind), By(outcome), Report(outcome?.Alert), Words(outcome));
        }

        return table.Lines();
    }

    private static string By(AttackOutcome? outcome) => outcome switch
    {
        null => "-",
        { Alert: { Instruction.IsEmpty: false } alert } => InstructionText.Of(alert.Instruction, alert.Rip),
        _ => $"0x{outcome.Attack.Rip:x}",
    };

    private static string Report(Alert? alert) => alert switch
    {
        null => "no",
        { Blocked: true } => "yes, BLOCKED",
        _ => "yes, allowed",
    };

    private static string Words(AttackOutcome? outcome) => outcome?.Reading is { } reading
        ? $"{reading.Subject} reads {reading.Value}: {(reading.Verdict == GuestVerdict.Blocked ? "BLOCKED" : "LANDED, restored")}"
        : "none";
}
