namespace Engine.Symbols.Kallsyms;

/// <summary>A run of rising numbers that may be markers.</summary>
/// <param name="Offset">Where it begins.</param>
/// <param name="Count">Number of numbers.</param>
/// <param name="Size">Bytes of each.</param>
/// <param name="Last">The last one.</param>
internal readonly record struct MarkerRun(int Offset, int Count, int Size, int Last);
