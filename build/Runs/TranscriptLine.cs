using System;

namespace Build.Runs;

/// <summary>A line that appeared during a run, and when, counted from the start of the emulator.</summary>
/// <param name="Event">What the line says, if it is one of the plug-in's.</param>
public sealed record TranscriptLine(TimeSpan Time, LineSource Source, string Text, PluginEvent? Event = null);
