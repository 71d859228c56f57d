using System;
using System.Collections.Generic;
using System.IO;
using Build.Cli;
using Build.Debian;
using Build.Guest;
using Build.Measurements;
using Build.Qemu;
using Build.Steps;
using Build.Tools;

namespace Build.Verbs;

/// <summary>Builds everything and runs the tests; the last line counts them.</summary>
public sealed class TestVerb : IVerb
{
    private const string Filter = "--filter";
    private const string LongRunningSeconds = "60";

    public string Name => "test";

    public string Summary => "builds everything and runs the tests";

    public IReadOnlyList<VerbOption> Options { get; } =
    [
        new(Filter, "TEXT", "only tests whose full name contains TEXT, or a query that starts with /"),
    ];

    public IReadOnlyList<Requirement> Requirements => Debian.Requirements.Tests;

    public int Run(BuildContext context, VerbArguments arguments)
    {
        using (ArtifactsLock.Take(context))
        {
            SolutionStep.Run(context);
            BuildVerb.BuildNative(context);
            LibraryStep.RunTestVariant(context);
            TestNativeStep.Run(context);
            WatchStep.Run(context);
            new NativeBench(context).Compile();
            KexecGuestStep.Run(context, new GuestKit(context).Make());
            new KvmGuest(context).Make();
            new QemuBackport(context).TryMake();
            new LaterKernel(context).TryMake();
        }

        string report = context.Paths.In("artifacts/test/report.xml");
        File.Delete(report);
        context.Progress.Line("running the tests");
        List<string> options = ["-noLogo", "-noColor", "-longRunning", LongRunningSeconds, "-result-xml", report];
        if (arguments.Value(Filter) is { } filter)
            options.AddRange(filter.StartsWith('/') ? ["-filter", filter] : ["-method", $"*{filter}*"]);
        int exitCode = Tool.Stream(context.Paths.TestProgram, options, context.Paths.Root, context.Progress.Plain);

        TestReport counted = TestReport.Read(report, exitCode);
        context.Progress.Line($"tests ended; report: {Path.GetRelativePath(context.Paths.Root, report)}");
        if (counted.Complaint is not null)
            context.Progress.Plain(counted.Complaint);
        Console.Out.WriteLine(counted.ClosingLine);
        return counted.Succeeded ? ExitCode.Ok : ExitCode.Failed;
    }
}
