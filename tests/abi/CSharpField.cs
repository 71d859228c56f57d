namespace Tests.Abi;

/// <summary>A field of a C# structure as it lies in memory.</summary>
/// <param name="Path">Its name; fields of inner structures after a dot.</param>
/// <param name="Offset">Offset from the start, in bytes.</param>
/// <param name="Size">Size, in bytes.</param>
internal sealed record CSharpField(string Path, int Offset, int Size);
