using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Build.Cli;
using Build.Debian;
using Build.Measurements;
using Build.Steps;
using Build.Tools;

namespace Build.Verbs;

/// <summary>Measures the published library, and writes the figures down.</summary>
public sealed class BenchVerb : IVerb
{
    private const string Quick = "--quick";
    private const string Filter = "--filter";
    private const string Managed = "--managed";
    private const string Record = "--record";
    private const string Worst = "--worst";
    private const int WorstSeed = 1;
    private const int Processes = 25;
    private const int GuestRuns = 5;

    public string Name => "bench";

    public string Summary => "measures the library; writes docs/benchmarks.md, the README's table, artifacts/bench/native.json";

    public IReadOnlyList<VerbOption> Options { get; } =
    [
        new(Quick, Value: null, "fewer rounds, no guest; writes artifacts/bench/native.json alone"),
        new(Filter, "TEXT", "only events whose case has TEXT in its name; writes nothing"),
        new(Managed, Value: null, "the BenchmarkDotNet project as well (minutes)"),
        new(Record, Value: null, "only counts instructions, and writes bench/recorded.json"),
        new(Worst, "SECONDS", "only looks so long for the most expensive exit; prints it for bench/native/worst-known.c"),
    ];

    public IReadOnlyList<Requirement> Requirements => Debian.Requirements.Bench;

    public int Run(BuildContext context, VerbArguments arguments)
    {
        bool quick = arguments.Has(Quick);
        NativeBench native = new(context);
        using (ArtifactsLock.Take(context))
        {
            if (!arguments.Has(Record) && arguments.Value(Filter) is null && arguments.Value(Worst) is null)
                SolutionStep.Run(context);
            BuildVerb.BuildNative(context);
            LibraryStep.RunTestVariant(context);
            native.Compile();
        }

        if (arguments.Has(Record))
        {
            RecordedCounts.Write(context.Paths, Count(context, native));
            context.Progress.Line("recorded: bench/recorded.json");
            return ExitCode.Ok;
        }

        if (arguments.Value(Worst) is { } seconds)
        {
            context.Progress.Step("looking for the most expensive exit", () => context.Progress.Plain(native.Worst(seconds, WorstSeed)));
            return ExitCode.Ok;
        }

        Measured measured = new();
        AddEvents(context, native, measured, arguments.Value(Filter) ?? "", quick);
        if (arguments.Value(Filter) is not null)
            return ExitCode.Ok;

        AddValues(context, native, measured, quick);
        measured.Write(context.Paths.In("artifacts/bench/native.json"));
        if (quick)
            return ExitCode.Ok;

        GuestCost guest;
        using (ArtifactsLock.Take(context))
            guest = new GuestBench(context).Measure(GuestRuns);
        AddGuest(measured, guest);
        measured.Write(context.Paths.In("artifacts/bench/native.json"));
        context.Progress.Plain(FigureTables.Guest(guest));

        string? managed = null;
        if (arguments.Has(Managed))
            context.Progress.Step("running the BenchmarkDotNet project", () => managed = new ManagedBench(context).Run());
        BenchmarksPage.Write(context.Paths, measured, guest, managed);
        context.Progress.Line("written: artifacts/bench/native.json, docs/benchmarks.md, README.md");
        return ExitCode.Ok;
    }

    private static IReadOnlyDictionary<string, double> Count(BuildContext context, NativeBench native)
    {
        IReadOnlyDictionary<string, double>? counts = null;
        context.Progress.Step("counting instructions", () => counts = native.Count());
        return counts!;
    }

    private static void AddEvents(BuildContext context, NativeBench native, Measured measured, string filter, bool quick)
    {
        IReadOnlyDictionary<string, double> counts = Count(context, native);
        IReadOnlyDictionary<string, (double Min, double Median)>? times = null;
        context.Progress.Step("measuring times", () => times = native.Time(quick ? 100 : 1000));
        foreach (BenchCase about in BenchCases.All.Where(known => known.Name.Contains(filter, StringComparison.Ordinal)))
        {
            measured.Add(about.Name, times![about.Name], counts[about.Name]);
            Figure figure = measured.Find(about.Name)!;
            context.Progress.Plain(string.Create(CultureInfo.InvariantCulture,
                $"  {about.Name,-15} {figure.Instructions,8:F0} instructions {figure.NsMin,8:F1} ns best {figure.NsMedian,8:F1} ns median  {FigureTables.Verdict(about, figure)}"));
        }
    }

    private static void AddValues(BuildContext context, NativeBench native, Measured measured, bool quick)
    {
        context.Progress.Step("measuring first exits, memory, and two vCPUs", () =>
        {
            foreach (string kind in (string[])["outside", "blocked"])
            {
                IReadOnlyList<double> first = native.First(kind, Processes);
                measured.Add($"first_{kind}_min", first.Min());
                measured.Add($"first_{kind}_median", GuestBench.Median(first));
            }

            foreach ((string name, double value) in native.Values("memory"))
                measured.Add(name, value);
            foreach ((string name, double value) in native.Values("scale", quick ? "21" : "101"))
                measured.Add(name, value);
            foreach ((string name, double value) in new ManagedBench(context).HookBytes())
                measured.Add(name, value);
        });
        foreach (ValueCase about in ValueCases.All)
        {
            if (measured.Find(about.Name)?.Value is double value)
                context.Progress.Plain($"  {about.Name,-22} {about.Show(value),16}  {about.BarText}");
        }
    }

    private static void AddGuest(Measured measured, GuestCost guest)
    {
        measured.Add("guest_boot_ratio", guest.BootRatio);
        measured.Add("guest_work_ratio", guest.WorkRatio);
        measured.Add("guest_exit_engine_ns_median", guest.EngineMedian);
        measured.Add("guest_exit_glue_ns_mean", guest.GlueMean);
    }
}
