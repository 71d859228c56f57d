namespace Build.Measurements;

/// <summary>An event that is measured.</summary>
/// <param name="Name">Its name in bench/native/cases.c.</param>
/// <param name="Text">What it is.</param>
/// <param name="Reference">Instructions that HVMI introcore 1.133.0 takes, null where it has no such case.</param>
/// <param name="Bar">Instructions that the engine may take, null where nothing is asked.</param>
public sealed record BenchCase(string Name, string Text, int? Reference = null, int? Bar = null);
