using System;
using System.Collections.Generic;
using System.Linq;

namespace Build.Runs;

/// <summary>Everything that a run showed.</summary>
public sealed record GuestRunResult
{
    /// <summary>The command that ran, as one would type it.</summary>
    public required string CommandLine { get; init; }

    /// <summary>The emulator's exit code.</summary>
    public required int ExitCode { get; init; }

    /// <summary>The run was ended because it took too long.</summary>
    public required bool TimedOut { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public required IReadOnlyList<TranscriptLine> Transcript { get; init; }

    public IEnumerable<PluginEvent> Events => Transcript.Where(l => l.Event is not null).Select(l => l.Event!);

    public IReadOnlyList<Alert> Alerts => [.. Events.Select(Alert.From).OfType<Alert>()];

    /// <summary>The attacks that the guest announced, in their order.</summary>
    public IReadOnlyList<AttackOutcome> Outcomes => AttackOutcomes.From(GuestLines, Alerts);

    /// <summary>Pages that are still guarded at the end.</summary>
    public IReadOnlySet<string> GuardedPages
    {
        get
        {
            HashSet<string> pages = new(StringComparer.Ordinal);
            foreach (PluginEvent line in Events.Where(e => e.Field("gpa").Length > 0))
            {
                if (line.Is("guard"))
                    pages.Add(line.Field("gpa"));
                else if (line.Is("unguard"))
                    pages.Remove(line.Field("gpa"));
            }

            return pages;
        }
    }

    /// <summary>Alerts that the engine says it did not send, since the guest caused too many.</summary>
    public int DroppedAlerts => Events.Sum(DroppedAlertsLine.CountOf);

    public RunStats? Stats => Events.Select(RunStats.From).LastOrDefault(s => s is not null);

    public IEnumerable<PluginEvent> Errors => Events.Where(e => e.Is("error"));

    /// <summary>The guest's kernel switched the machine off, rather than crash.</summary>
    public bool PoweredDown => GuestLines.Any(l => l.Contains("reboot: Power down", StringComparison.Ordinal));

    public IEnumerable<string> GuestLines => Transcript.Where(l => l.Source == LineSource.Guest).Select(l => l.Text);

    /// <summary>The transcript as plain text, for a failure message.</summary>
    public string Text() =>
        CommandLine + "\n" + string.Join('\n', Transcript.Select(l => $"{l.Time.TotalSeconds,8:F3} {l.Source,-6} {l.Text}"))
        + $"\nexit code {ExitCode}{(TimedOut ? ", timed out" : "")}";
}
