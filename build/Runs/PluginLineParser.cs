using System;
using System.Globalization;

namespace Build.Runs;

/// <summary>Tells the plug-in's lines from whatever else QEMU prints.</summary>
public static class PluginLineParser
{
    private const string Prefix = "introcore: [";

    public static PluginEvent? Parse(string line)
    {
        if (!line.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        int close = line.IndexOf("] ", StringComparison.Ordinal);
        int colon = close < 0 ? -1 : line.IndexOf(':', close);
        if (colon < 0 || !double.TryParse(
            line.AsSpan(Prefix.Length, close - Prefix.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds))
        {
            return null;
        }

        string text = line[(colon + 1)..].Trim();
        return new PluginEvent(seconds, line[(close + 2)..colon], text, FieldReader.Read(text));
    }
}
