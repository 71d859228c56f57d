using System;

namespace Build.Cli;

/// <summary>An option of a verb; <paramref name="Value"/> names its value, null for a switch. One whose name has no dashes is given as
/// its value alone.</summary>
public sealed record VerbOption(string Name, string? Value, string Help)
{
    public bool IsWord => !Name.StartsWith("--", StringComparison.Ordinal);

    public string Display => Value is null ? Name : $"{Name} {Value}";
}
