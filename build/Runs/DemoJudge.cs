using System;
using System.Collections.Generic;
using System.Linq;

namespace Build.Runs;

/// <summary>Decides whether a run showed what it was to show.</summary>
public static class DemoJudge
{
    /// <summary>Null if all is as expected, else the reason why not.</summary>
    /// <param name="kinds">The attacks that had to happen, each once.</param>
    public static string? Complaint(GuestRunResult run, DemoMode mode, IReadOnlyList<string> kinds)
    {
        if (run.TimedOut)
            return $"the guest did not end within its time ({run.Elapsed.TotalSeconds:F0} s)";
        IReadOnlyList<AttackOutcome> outcomes = run.Outcomes;
        if (outcomes.Count == 0 && kinds.Count > 0)
            return $"the guest did not get so far as to attack{Reason(run)}";
        foreach (string kind in kinds)
        {
            AttackOutcome[] those = [.. outcomes.Where(o => string.Equals(o.Attack.What, kind, StringComparison.Ordinal))];
            string? complaint = those.Length == 1 ? OutcomeComplaint(those[0], mode) : $"happened {those.Length} times, not once";
            if (complaint is not null)
                return $"{kind}: {complaint}";
        }

        if (!run.PoweredDown)
            return "the guest did not power down";
        return run.ExitCode == 0 ? null : $"QEMU exited {run.ExitCode}";
    }

    private static string Reason(GuestRunResult run) =>
        run.Errors.FirstOrDefault() is { } error ? $": {error.Text}" : $" (QEMU exited {run.ExitCode})";

    private static string? OutcomeComplaint(AttackOutcome outcome, DemoMode mode)
    {
        if (mode != DemoMode.Unwatched && outcome.Alert is null)
            return "no alert was raised about what it attacks and its instruction";
        if (outcome.Alert is { } alert && alert.Blocked != (mode == DemoMode.Block))
            return $"the alert says action {alert.Action}, beta {alert.Beta}";
        GuestVerdict expected = mode == DemoMode.Block ? GuestVerdict.Blocked : GuestVerdict.Landed;
        return outcome.Verdict == expected ? null : $"the guest says {Word(outcome.Verdict)}, not {Word(expected)}";
    }

    private static string Word(GuestVerdict verdict) =>
        verdict == GuestVerdict.None ? "nothing" : verdict.ToString().ToUpperInvariant();
}
