using Build.Tools;

namespace Build;

/// <summary>What every verb and every step works with.</summary>
public sealed record BuildContext(ProjectPaths Paths, Progress Progress)
{
    /// <summary>A fingerprint keeper whose stamps lie in the project's artifacts.</summary>
    public Stamp Stamp(string name) => new(Paths, name);
}
