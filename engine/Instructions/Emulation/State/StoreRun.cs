namespace Engine.Instructions.Emulation.State;

/// <summary>Adjacent bytes of a store that consists of several such runs.</summary>
/// <param name="Linear">Linear address of the first byte.</param>
/// <param name="Offset">Where the run's bytes are among those of the store.</param>
/// <param name="Size">Number of bytes.</param>
internal readonly record struct StoreRun(ulong Linear, int Offset, int Size);
