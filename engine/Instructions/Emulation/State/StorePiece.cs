namespace Engine.Instructions.Emulation.State;

/// <summary>A part of a store whose place in memory is known: at most Limits.MaxStoreBytes in one page.</summary>
/// <param name="Gpa">Guest-physical address of the first byte.</param>
/// <param name="Linear">Linear address of the first byte.</param>
/// <param name="Offset">Where the piece's bytes are among those of the store.</param>
/// <param name="Size">Number of bytes.</param>
/// <param name="Mask">The bytes that are stored, one bit each; the others are there already.</param>
internal readonly record struct StorePiece(ulong Gpa, ulong Linear, int Offset, int Size, ulong Mask);
