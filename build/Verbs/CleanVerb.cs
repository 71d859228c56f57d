using System;
using System.Collections.Generic;
using System.IO;
using Build.Cli;
using Build.Debian;
using Build.Tools;

namespace Build.Verbs;

/// <summary>Removes what the other verbs made.</summary>
public sealed class CleanVerb : IVerb
{
    private const string All = "--all";

    public string Name => "clean";

    public string Summary => "removes artifacts/ but for the downloaded packages";

    public IReadOnlyList<VerbOption> Options { get; } = [new(All, Value: null, "the downloaded packages too")];

    public IReadOnlyList<Requirement> Requirements => [];

    public int Run(BuildContext context, VerbArguments arguments)
    {
        if (!Directory.Exists(context.Paths.Artifacts))
            return ExitCode.Ok;
        using ArtifactsLock held = ArtifactsLock.Take(context);
        foreach (string entry in Directory.EnumerateFileSystemEntries(context.Paths.Artifacts))
        {
            // The lock and the running program are in use; the program is replaced when its sources change.
            if (IsKept(context, entry, arguments.Has(All)))
                continue;
            if (Directory.Exists(entry))
                Directory.Delete(entry, recursive: true);
            else
                File.Delete(entry);
        }

        return ExitCode.Ok;
    }

    private static bool IsKept(BuildContext context, string entry, bool all) =>
        Same(entry, context.Paths.LockFile) || Same(entry, context.Paths.BuildProgram)
        || (!all && Same(entry, context.Paths.Cache));

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.Ordinal);
}
