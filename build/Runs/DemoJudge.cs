using System.Linq;

namespace Build.Runs;

/// <summary>Decides whether a run showed what it was to show.</summary>
public static class DemoJudge
{
    /// <summary>The alert that is about the attack that the guest announced.</summary>
    public static EptAlert? AlertOf(GuestRunResult run) =>
        run.Attack is { } attack ? run.Alerts.FirstOrDefault(a => a.Gpa == attack.Gpa && a.Rip == attack.Rip) : null;

    /// <summary>Null if all is as expected, else the reason why not.</summary>
    public static string? Complaint(GuestRunResult run, DemoMode mode)
    {
        if (run.TimedOut)
            return $"the guest did not end within its time ({run.Elapsed.TotalSeconds:F0} s)";
        if (run.Attack is null)
            return $"the guest did not get so far as to attack{Reason(run)}";
        if (AlertComplaint(run, mode) is { } complaint)
            return complaint;
        GuestVerdict expected = mode == DemoMode.Block ? GuestVerdict.Blocked : GuestVerdict.Landed;
        if (run.Verdict != expected)
            return $"the guest says {Word(run.Verdict)}, not {Word(expected)}";
        if (!run.PoweredDown)
            return "the guest did not power down";
        return run.ExitCode == 0 ? null : $"QEMU exited {run.ExitCode}";
    }

    private static string Reason(GuestRunResult run) =>
        run.Errors.FirstOrDefault() is { } error ? $": {error.Text}" : $" (QEMU exited {run.ExitCode})";

    private static string? AlertComplaint(GuestRunResult run, DemoMode mode)
    {
        if (mode == DemoMode.Unwatched)
            return null;
        if (AlertOf(run) is not { } alert)
            return "no alert was raised about the attack's address and instruction";
        return alert.Blocked == (mode == DemoMode.Block) ? null : $"the alert says action {alert.Action}, beta {alert.Beta}";
    }

    private static string Word(GuestVerdict verdict) =>
        verdict == GuestVerdict.None ? "nothing" : verdict.ToString().ToUpperInvariant();
}
