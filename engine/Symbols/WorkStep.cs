namespace Engine.Symbols;

/// <summary>
/// What long work yields: one piece of it is done, whose size is bounded by a constant of <see cref="Limits"/>. Whoever drives it may
/// stop here for as long as it likes.
/// </summary>
internal readonly struct WorkStep;
