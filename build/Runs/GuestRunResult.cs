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

    public IReadOnlyList<EptAlert> Alerts => [.. Events.Select(EptAlert.From).OfType<EptAlert>()];

    /// <summary>What the module said it was going to do.</summary>
    public AttackLine? Attack => GuestLines.Select(AttackLine.Parse).FirstOrDefault(a => a is not null);

    /// <summary>What the module found afterwards.</summary>
    public GateReading? Reading => GuestLines.Select(GateReading.Parse).FirstOrDefault(r => r is not null);

    public GuestVerdict Verdict => Reading?.Verdict ?? GuestVerdict.None;

    public RunStats? Stats => Events.Select(RunStats.From).LastOrDefault(s => s is not null);

    public IEnumerable<PluginEvent> Errors => Events.Where(e => e.Is("error"));

    /// <summary>The guest's kernel switched the machine off, rather than crash.</summary>
    public bool PoweredDown => GuestLines.Any(l => l.Contains("reboot: Power down", StringComparison.Ordinal));

    private IEnumerable<string> GuestLines => Transcript.Where(l => l.Source == LineSource.Guest).Select(l => l.Text);

    /// <summary>The transcript as plain text, for a failure message.</summary>
    public string Text() =>
        CommandLine + "\n" + string.Join('\n', Transcript.Select(l => $"{l.Time.TotalSeconds,8:F3} {l.Source,-6} {l.Text}"))
        + $"\nexit code {ExitCode}{(TimedOut ? ", timed out" : "")}";
}
