namespace Tests.Abi;

/// <summary>A member of a structure in the header.</summary>
/// <param name="Path">How C reaches it, such as Victim.u.Module.</param>
/// <param name="IsBits">Whether it is a bit-field, which has no address.</param>
internal sealed record HeaderMember(string Path, bool IsBits)
{
    /// <summary>The path without the unions that have no name in the reference and are called u here.</summary>
    public string ReferencePath
    {
        get
        {
            string path = Path;
            while (path.StartsWith("u.", System.StringComparison.Ordinal))
                path = path[2..];
            return path.Replace(".u.", ".", System.StringComparison.Ordinal);
        }
    }

    /// <summary>Whether it is such a union itself.</summary>
    public bool IsUnnamedUnion => Path is "u" || Path.EndsWith(".u", System.StringComparison.Ordinal);
}
