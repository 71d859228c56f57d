using System.Collections.Generic;

namespace Tests.Abi;

/// <summary>A function type of the reference's interface.</summary>
/// <param name="Name">Its name, PFUNC_...</param>
/// <param name="Returns">Type of its result.</param>
/// <param name="Parameters">Types of its parameters; the last may be "...".</param>
internal sealed record ReferenceFunction(string Name, string Returns, IReadOnlyList<string> Parameters);
