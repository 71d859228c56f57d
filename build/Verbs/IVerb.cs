using System.Collections.Generic;
using Build.Cli;
using Build.Debian;

namespace Build.Verbs;

/// <summary>One thing that the build program can be told to do. <see cref="VerbTable"/> lists them.</summary>
public interface IVerb
{
    string Name { get; }

    string Summary { get; }

    IReadOnlyList<VerbOption> Options { get; }

    /// <summary>What has to be on the machine; it is installed, or asked for, before <see cref="Run"/>.</summary>
    IReadOnlyList<Requirement> Requirements { get; }

    /// <summary>Does it; the result is the program's exit code.</summary>
    int Run(BuildContext context, VerbArguments arguments);
}
