using System.Globalization;

namespace Build.Measurements;

/// <summary>A figure that is no cost of an event.</summary>
/// <param name="Name">Its name in native.json.</param>
/// <param name="Text">What it is.</param>
/// <param name="Unit">What it counts, empty for a ratio.</param>
/// <param name="Reference">What is known of HVMI introcore 1.133.0.</param>
/// <param name="Bar">What it should be, null where nothing is asked.</param>
/// <param name="AtLeast">Whether it should be that or more, rather than that or less.</param>
public sealed record ValueCase(
    string Name, string Text, string Unit, string Reference = "", double? Bar = null, bool AtLeast = false)
{
    public bool? IsMet(double value) => Bar is not double bar ? null : AtLeast ? value >= bar : value <= bar;

    public string BarText => Bar is double bar ? $"{(AtLeast ? "≥" : "≤")} {Show(bar)}" : "";

    public string Show(double value) => Unit switch
    {
        "" => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("N0", CultureInfo.InvariantCulture) + " " + Unit,
    };
}
