namespace Engine.Instructions;

/// <summary>The part of an operand that lies in one page.</summary>
/// <param name="Linear">Linear address of its first byte.</param>
/// <param name="Size">Its bytes, 1 to 4096.</param>
internal readonly record struct OperandPiece(ulong Linear, int Size);
