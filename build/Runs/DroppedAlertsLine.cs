using System;
using System.Globalization;

namespace Build.Runs;

/// <summary>The engine's line about alerts that it did not send.</summary>
public static class DroppedAlertsLine
{
    private const string Mark = " alerts were dropped";

    /// <summary>The number in the line, 0 if it is about something else.</summary>
    public static int CountOf(PluginEvent line)
    {
        int at = line.Is("engine") ? line.Text.IndexOf(Mark, StringComparison.Ordinal) : -1;
        if (at < 0)
            return 0;
        string number = line.Text[(line.Text.LastIndexOf(' ', at - 1) + 1)..at];
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0;
    }
}
