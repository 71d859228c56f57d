namespace Engine.Hooks.Translations;

/// <summary>A record by its index, and the use of it that is meant: another one means that it is gone.</summary>
internal readonly record struct RecordKey(int Index, uint Generation);
