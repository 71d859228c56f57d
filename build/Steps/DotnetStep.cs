using System.Collections.Generic;
using Build.Tools;

namespace Build.Steps;

/// <summary>Runs a dotnet command in the project's folder, leaving no build node behind.</summary>
public static class DotnetStep
{
    public static void Run(BuildContext context, string log, params IEnumerable<string> arguments) =>
        Tool.Check(context, log, "dotnet", [.. arguments, "--nologo", "-verbosity:minimal", "-nodeReuse:false"]);
}
