using System;
using System.Linq;

namespace Build.Runs;

/// <summary>An alert about a write to a guarded page, as the plug-in reports it.</summary>
/// <param name="Old">The bytes before the write, in memory order, in hexadecimal.</param>
/// <param name="Gate">The number of the IDT gate, -1 if the alert is about something else.</param>
/// <param name="Beta">The write was allowed although it would have been blocked: log only.</param>
/// <param name="Instruction">The instruction's bytes.</param>
public sealed record EptAlert(
    int Cpu, ulong Rip, ulong Cr3, int Cpl, ulong Gla, ulong Gpa, int Size, string Old, string New, int Gate,
    string Action, bool Beta, int Mitre, ReadOnlyMemory<byte> Instruction)
{
    private const string NotAllowed = "NotAllowed";

    public bool Blocked => !Beta && string.Equals(Action, NotAllowed, StringComparison.Ordinal);

    /// <summary>The alert in an event, null if it holds none of this class.</summary>
    public static EptAlert? From(PluginEvent line)
    {
        if (!line.Is("alert") || !string.Equals(line.Field("class"), "ept", StringComparison.Ordinal))
            return null;
        return new EptAlert(
            Signed(line, "cpu"), line.Number("rip"), line.Number("cr3"), Signed(line, "cpl"), line.Number("gla"),
            line.Number("gpa"), Signed(line, "size"), line.Field("old"), line.Field("new"), Signed(line, "gate"),
            line.Field("action"), line.Number("beta") != 0, Signed(line, "mitre"), BytesOf(line.Field("instruction")));
    }

    private static int Signed(PluginEvent line, string key) => int.TryParse(line.Field(key), out int value) ? value : -1;

    /// <summary>The text is the bytes, two blanks, the mnemonic.</summary>
    private static byte[] BytesOf(string instruction)
    {
        string[] bytes = instruction.Split("  ", 2)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            return [.. bytes.Select(b => Convert.ToByte(b, 16))];
        }
        catch (FormatException)
        {
            return [];
        }
    }
}
