using System;
using System.Collections.Generic;

namespace Build.Debian;

/// <summary>Requirements are the same if they name the same package.</summary>
public sealed class RequirementByPackage : IEqualityComparer<Requirement>
{
    public static RequirementByPackage Instance { get; } = new();

    public bool Equals(Requirement? x, Requirement? y) => string.Equals(x?.Package, y?.Package, StringComparison.Ordinal);

    public int GetHashCode(Requirement obj) => StringComparer.Ordinal.GetHashCode(obj.Package);
}
