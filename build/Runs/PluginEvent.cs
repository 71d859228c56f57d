using System;
using System.Collections.Generic;
using System.Globalization;

namespace Build.Runs;

/// <summary>A line <c>introcore: [SECONDS.mmm] NAME: key=value ...</c> of the plug-in.</summary>
/// <param name="Seconds">The plug-in's own clock.</param>
/// <param name="Text">All that follows the name.</param>
public sealed record PluginEvent(double Seconds, string Name, string Text, IReadOnlyDictionary<string, string> Fields)
{
    public bool Is(string name) => string.Equals(Name, name, StringComparison.Ordinal);

    /// <summary>A field's text, empty if the event has no such field.</summary>
    public string Field(string key) => Fields.TryGetValue(key, out string? value) ? value : "";

    /// <summary>A field's number, decimal or with 0x, 0 if there is none.</summary>
    public ulong Number(string key) => Numbers.TryParse(Field(key), out ulong value) ? value : 0;

    /// <summary>A field's number with a fraction.</summary>
    public double Fraction(string key) =>
        double.TryParse(Field(key), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : 0;
}
