using System;
using System.Collections.Generic;
using System.Globalization;

namespace Build.Runs;

/// <summary>An alert in words.</summary>
public static class AlertText
{
    public static IEnumerable<string> Lines(Alert alert)
    {
        yield return $"{Verdict(alert)}: write {Size(alert)}to {alert.Target}: {alert.Old} -> {alert.New} (MITRE T{alert.Mitre})";
        yield return alert is RegisterAlert { SeenAfter: { } seen }
            ? $"  seen on CPU {alert.Cpu}, {seen.TotalMilliseconds:F0} ms after the comparison before"
            : $"  by {Hex(alert.Instruction.Span)}  {InstructionText.Of(alert.Instruction, alert.Rip)} at 0x{alert.Rip:x}, "
                + $"CPU {alert.Cpu}, CPL {alert.Cpl}, CR3 0x{alert.Cr3:x}";
        if (alert is EptAlert store)
            yield return $"  at physical 0x{store.Gpa:x}, linear 0x{store.Gla:x}";
    }

    private static string Verdict(Alert alert) => alert switch
    {
        { Blocked: true } => "BLOCKED",
        RegisterAlert { Async: true } => "SEEN (cannot be trapped)",
        _ => "ALLOWED (log-only)",
    };

    private static string Size(Alert alert) => alert is EptAlert store ? $"of {store.Size} bytes " : "";

    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        List<string> words = [];
        foreach (byte value in bytes)
            words.Add(value.ToString("x2", CultureInfo.InvariantCulture));
        return string.Join(' ', words);
    }
}
