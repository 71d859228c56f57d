using System.Collections.Generic;
using System.Linq;

namespace Build.Steps;

/// <summary>The inputs of the steps.</summary>
public static class Sources
{
    private static readonly string[] _common =
        ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig"];

    /// <summary>What the published library is made from.</summary>
    public static IEnumerable<string> Library(ProjectPaths paths) => Of(paths, "engine", "exports");

    /// <summary>What the assemblies of the solution are made from.</summary>
    public static IEnumerable<string> Solution(ProjectPaths paths) =>
        Of(paths, "Engine.sln", "engine", "exports", "bench", "build", "tests");

    private static IEnumerable<string> Of(ProjectPaths paths, params IEnumerable<string> entries) =>
        entries.Concat(_common).Select(paths.In);
}
