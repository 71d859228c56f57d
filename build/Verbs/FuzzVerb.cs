using System;
using System.Collections.Generic;
using System.Globalization;
using Build.Cli;
using Build.Debian;
using Build.Steps;
using Build.Tools;

namespace Build.Verbs;

/// <summary>Compares the emulator with processors on and on; prints the seed of each case in which they differ.</summary>
public sealed class FuzzVerb : IVerb
{
    private const string Seconds = "SECONDS";
    private const string Variable = "INTROCORE_FUZZ_SECONDS";
    private const string Test = "*.DifferentialTests.WithNewSeeds";

    public string Name => "fuzz";

    public string Summary => "compares the emulator with processors, with new seeds; prints what differs";

    public IReadOnlyList<VerbOption> Options { get; } = [new(Seconds, Value: null, "ends after so long; else when it is interrupted")];

    public IReadOnlyList<Requirement> Requirements => Debian.Requirements.Tests;

    public int Run(BuildContext context, VerbArguments arguments)
    {
        using (ArtifactsLock.Take(context))
            SolutionStep.Run(context);

        string? seconds = arguments.Has(Seconds) ? arguments.Count(Seconds, 1).ToString(CultureInfo.InvariantCulture) : null;
        Environment.SetEnvironmentVariable(Variable, seconds);
        string[] options = ["-noLogo", "-noColor", "-explicit", "only", "-showLiveOutput", "-method", Test];
        return Tool.Stream(context.Paths.TestProgram, options, context.Paths.Root, context.Progress.Plain) == 0
            ? ExitCode.Ok
            : ExitCode.Failed;
    }
}
