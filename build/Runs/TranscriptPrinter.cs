using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Build.Runs;

/// <summary>Prints a run for a person: one line a happening, the time in front, alerts in full.</summary>
public sealed class TranscriptPrinter(TextWriter writer)
{
    public void Print(TranscriptLine line)
    {
        if (line.Event is null)
            Line(line.Time, line.Source == LineSource.Guest ? "guest" : "qemu", line.Text);
        else if (EptAlert.From(line.Event) is { } alert)
            Alert(line.Time, alert);
        else if (RunStats.From(line.Event) is { } stats)
            Stats(line.Time, stats);
        else
            Line(line.Time, "engine", Describe(line.Event));
    }

    public void Line(TimeSpan time, string who, string text)
    {
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds,8:F3}  {who,-6} | {text}"));
        writer.Flush();
    }

    private static string Describe(PluginEvent line) => line.Name switch
    {
        "loaded" => $"loaded: introcore {line.Field("version")} in QEMU {line.Field("qemu")}",
        "guest" => $"guest seen: {line.Field("vcpus")} vCPU(s), {line.Field("memory")}, running at {line.Field("rip")}",
        "guard" => $"guards the page at {line.Field("gpa")}, {Rights(line.Field("rights"))}",
        "unguard" => $"guards the page at {line.Field("gpa")} no longer",
        "active" => $"active: {line.Text}",
        "inactive" => $"inactive: {line.Text}",
        "engine" => line.Text,
        _ => $"{line.Name}: {line.Text}",
    };

    private static string Rights(string rights) => $"rights left to the guest: {rights}";

    private void Alert(TimeSpan time, EptAlert alert)
    {
        string verdict = alert.Blocked ? "BLOCKED" : "ALLOWED (log-only)";
        string target = alert.Gate >= 0 ? $"IDT gate {alert.Gate} (0x{alert.Gate:x2})" : "guarded memory";
        Line(time, "ALERT", $"{verdict}: write of {alert.Size} bytes to {target}");
        Line(time, "ALERT", $"  where        physical 0x{alert.Gpa:x}, linear 0x{alert.Gla:x}");
        Line(time, "ALERT", $"  from         0x{alert.Rip:x}, CPU {alert.Cpu}, CPL {alert.Cpl}, CR3 0x{alert.Cr3:x}");
        Line(time, "ALERT", $"  instruction  {Hex(alert.Instruction.Span)}  {InstructionText.Of(alert.Instruction, alert.Rip)}");
        Line(time, "ALERT", $"  bytes        {alert.Old} -> {alert.New}");
        Line(time, "ALERT", $"  technique    MITRE T{alert.Mitre}");
    }

    private void Stats(TimeSpan time, RunStats stats)
    {
        Line(time, "engine", $"{stats.Exits} exits: {stats.Blocked} blocked, {stats.Allowed} allowed");
        Line(time, "engine", string.Create(CultureInfo.InvariantCulture,
            $"time an exit: engine {stats.EngineMedian:F0} ns median, {stats.EngineMean:F0} ns mean; glue {stats.GlueMean:F0} ns mean"));
    }

    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        List<string> words = [];
        foreach (byte value in bytes)
            words.Add(value.ToString("x2", CultureInfo.InvariantCulture));
        return string.Join(' ', words);
    }
}
