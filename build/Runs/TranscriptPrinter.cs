using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Build.Runs;

/// <summary>
/// Prints a run for a person: one line a happening, the time in front, alerts in full. What the engine logs about an alert is
/// left out where the alert itself follows; a write that undoes one that was let through is one line.
/// </summary>
public sealed class TranscriptPrinter(TextWriter writer)
{
    private const string Error = "error: ";
    private const string Guarded = ": guarded, changes are judged before they happen";

    private readonly List<Alert> _alerts = [];
    private readonly List<string> _guarded = [];
    private TranscriptLine? _held;

    public void Print(TranscriptLine line)
    {
        if (line.Event is null)
        {
            Line(line.Time, line.Source == LineSource.Guest ? "guest" : "qemu", line.Text);
            return;
        }

        if (GuardedName(line.Event) is { } name)
        {
            _guarded.Add(name);
            return;
        }

        ReleaseGuarded(line.Time);
        if (Alert.From(line.Event) is { } alert)
            Report(line.Time, alert);
        else
            Say(line, line.Event);
    }

    public void Line(TimeSpan time, string who, string text)
    {
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds,8:F3}  {who,-6} | {text}"));
        writer.Flush();
    }

    /// <summary>Prints what was held back because it might have been about an alert to come.</summary>
    public void Flush()
    {
        if (_held is { Event: { } held } line)
            Line(line.Time, "engine", EventText.Of(held));
        _held = null;
    }

    private static string? GuardedName(PluginEvent line) =>
        line.Is("engine") && line.Text.EndsWith(Guarded, StringComparison.Ordinal)
            ? line.Text[(line.Text.LastIndexOf(' ', line.Text.Length - Guarded.Length - 1) + 1)..^Guarded.Length]
            : null;

    private void ReleaseGuarded(TimeSpan time)
    {
        if (_guarded.Count > 0)
            Line(time, "engine", $"guarded, changes are judged before they happen: {string.Join(", ", _guarded)}");
        _guarded.Clear();
    }

    private void Say(TranscriptLine line, PluginEvent what)
    {
        Flush();
        if (RunStats.From(what) is { } stats)
            Stats(line.Time, stats);
        else if (what.Is("engine") && what.Text.StartsWith(Error, StringComparison.Ordinal))
            _held = line;
        else
            Line(line.Time, "engine", EventText.Of(what));
    }

    private void Report(TimeSpan time, Alert alert)
    {
        _held = null;
        if (_alerts.Any(alert.Undoes))
        {
            Line(time, "ALERT", $"restored: {alert.Target} to {alert.New}, by {Instruction(alert)} at 0x{alert.Rip:x}");
            return;
        }

        _alerts.Add(alert);
        foreach (string text in AlertText.Lines(alert))
            Line(time, "ALERT", text);
    }

    private static string Instruction(Alert alert) => InstructionText.Of(alert.Instruction, alert.Rip);

    private void Stats(TimeSpan time, RunStats stats)
    {
        Line(time, "engine", $"{stats.Exits} exits: {stats.Blocked} blocked, {stats.Allowed} allowed");
        Line(time, "engine", string.Create(CultureInfo.InvariantCulture,
            $"time an exit: engine {stats.EngineMedian:F0} ns median, {stats.EngineMean:F0} ns mean; glue {stats.GlueMean:F0} ns mean"));
    }
}
