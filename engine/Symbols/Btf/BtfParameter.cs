namespace Engine.Symbols.Btf;

/// <summary>A parameter of a function.</summary>
/// <param name="NameOffset">Its name, in the types that its function is of.</param>
/// <param name="TypeId">Its type there; 0 with no name: any number of parameters follow.</param>
internal readonly record struct BtfParameter(uint NameOffset, uint TypeId);
