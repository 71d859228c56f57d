namespace Engine.Protection;

/// <summary>Value of a register at one moment; the base, and the limit, of a table register.</summary>
internal readonly record struct RegisterReading(ulong Value, ushort Limit);
