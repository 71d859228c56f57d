using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;

namespace Build.Tools;

/// <summary>Step lines with the time since the program started. Safe to use from several threads.</summary>
public sealed class Progress(TextWriter writer)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _lock = new();

    public void Line(string text)
    {
        lock (_lock)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_clock.Elapsed.TotalSeconds,6:F1} s] {text}"));
            writer.Flush();
        }
    }

    /// <summary>A line that stands as it is.</summary>
    public void Plain(string text)
    {
        lock (_lock)
        {
            writer.WriteLine(text);
            writer.Flush();
        }
    }

    /// <summary>Names a step, and says now and then that it is still going on.</summary>
    public void Step(string text, Action action)
    {
        Line(text);
        using Timer reminder = new(_ => Line($"{text}: still at it"), state: null, _patience, _patience);
        action();
    }
}
