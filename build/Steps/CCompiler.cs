using System.Collections.Generic;

namespace Build.Steps;

/// <summary>The options that all C of the project is compiled with.</summary>
public static class CCompiler
{
    public const string Program = "gcc";

    public static IReadOnlyList<string> Options { get; } =
        ["-std=gnu11", "-O2", "-g", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"];
}
