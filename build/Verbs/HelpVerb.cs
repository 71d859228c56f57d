using System;
using System.Collections.Generic;
using Build.Cli;
using Build.Debian;

namespace Build.Verbs;

/// <summary>Prints the usage text.</summary>
public sealed class HelpVerb : IVerb
{
    public string Name => "help";

    public string Summary => "prints this";

    public IReadOnlyList<VerbOption> Options => [];

    public IReadOnlyList<Requirement> Requirements => [];

    public int Run(BuildContext context, VerbArguments arguments)
    {
        Usage.Write(Console.Out, VerbTable.All);
        return ExitCode.Ok;
    }
}
