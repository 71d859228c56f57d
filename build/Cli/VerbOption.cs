namespace Build.Cli;

/// <summary>An option of a verb; <paramref name="Value"/> names its value, null for a switch.</summary>
public sealed record VerbOption(string Name, string? Value, string Help)
{
    public string Display => Value is null ? Name : $"{Name} {Value}";
}
