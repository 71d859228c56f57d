namespace Build.Runs;

/// <summary>An alert about a store to a guarded page.</summary>
public sealed record EptAlert : Alert
{
    public EptAlert(PluginEvent line)
        : base(line)
    {
        Gla = line.Number("gla");
        Gpa = line.Number("gpa");
        Size = Signed(line, "size");
        Gate = Signed(line, "gate");
    }

    public ulong Gla { get; }

    public ulong Gpa { get; }

    public int Size { get; }

    /// <summary>The number of the IDT gate, -1 if the alert is about something else.</summary>
    public int Gate { get; }

    /// <inheritdoc/>
    public override string Target => Gate >= 0 ? $"IDT gate {Gate} (0x{Gate:x2})" : "guarded memory";

    /// <inheritdoc/>
    public override bool IsAbout(AttackLine attack) => attack.Register.Length == 0 && attack.Gpa == Gpa && attack.Rip == Rip;

    /// <inheritdoc/>
    public override bool IsSamePlace(Alert other) => other is EptAlert store && store.Gpa == Gpa && store.Size == Size;
}
