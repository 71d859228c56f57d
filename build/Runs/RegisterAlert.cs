using System;
using System.Globalization;

namespace Build.Runs;

/// <summary>An alert about a control, model-specific or table register.</summary>
public sealed record RegisterAlert : Alert
{
    private const string Seen = "seen after ";

    public RegisterAlert(PluginEvent line)
        : base(line)
    {
        Register = line.Field("register");
        Async = line.Number("async") != 0;
        SeenAfter = TimeOf(line.Field("instruction"));
    }

    /// <summary>CR0, CR4, IDTR, GDTR, or the number of a model-specific register.</summary>
    public string Register { get; }

    /// <summary>The change was not trapped but found by a comparison.</summary>
    public bool Async { get; }

    /// <summary>How long after the comparison before, if it was found by one.</summary>
    public TimeSpan? SeenAfter { get; }

    /// <inheritdoc/>
    public override bool Blocked => !Async && base.Blocked;

    /// <inheritdoc/>
    public override string Target => RegisterNames.Of(Register);

    /// <inheritdoc/>
    public override bool IsAbout(AttackLine attack) =>
        string.Equals(attack.Register, Register, StringComparison.Ordinal) && Numbers.Same(attack.New, New)
        && (Async || attack.Rip == Rip);

    /// <inheritdoc/>
    public override bool IsSamePlace(Alert other) =>
        other is RegisterAlert same && same.Cpu == Cpu && string.Equals(same.Register, Register, StringComparison.Ordinal);

    /// <summary>seen after N ms</summary>
    private static TimeSpan? TimeOf(string text)
    {
        string number = text.StartsWith(Seen, StringComparison.Ordinal) ? text[Seen.Length..].Split(' ', 2)[0] : "";
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
    }
}
