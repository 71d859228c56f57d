using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Guest;
using Build.Runs;

namespace Build.Measurements;

/// <summary>Runs a Linux guest under QEMU with and without the engine, in turns.</summary>
public sealed class GuestBench(BuildContext context)
{
    private const string ShellMark = "bench: shell is up";
    private const string DoneMark = "bench: work is done";
    private const int Attacks = 40;

    public GuestCost Measure(int runs)
    {
        GuestRunOptions options = GuestRunOptions.For(context.Paths) with
        {
            Images = AddWorkload(new GuestKit(context).Make()),
            Attacks = [],
            Guards = 0,
            EngineOptions = EngineOption.ProtectIdt,
        };
        GuestRunOptions work = options with { KernelArguments = "rdinit=/workload work=1" };
        List<GuestRunResult> bare = [], watched = [];
        for (int i = 1; i <= runs; i++)
        {
            context.Progress.Line($"guest, run {i} of {runs}");
            bare.Add(Run(work with { Plugin = null }));
            watched.Add(Run(work));
        }

        RunStats attacks = Run(options with { KernelArguments = $"rdinit=/workload attacks={Attacks}" }).Stats
            ?? throw new BuildException("the plug-in printed no statistics");
        return new GuestCost(
            runs, Median(bare, Boot), Median(watched, Boot), Median(bare, Work), Median(watched, Work),
            Median(watched, run => run.Stats?.Exits ?? 0), attacks.Exits, attacks.EngineMedian, attacks.EngineMean, attacks.GlueMean);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static double Median(IEnumerable<GuestRunResult> runs, Func<GuestRunResult, double> value) => Median(runs.Select(value));

    private static double Boot(GuestRunResult run) => TimeOf(run, ShellMark);

    private static double Work(GuestRunResult run) => TimeOf(run, DoneMark) - TimeOf(run, ShellMark);

    private static double TimeOf(GuestRunResult run, string mark) =>
        run.Transcript.First(line => line.Text.Contains(mark, StringComparison.Ordinal)).Time.TotalSeconds;

    private static GuestRunResult Run(GuestRunOptions options)
    {
        GuestRunResult run = GuestRun.Run(options);
        bool watched = options.Plugin is null || run.Events.Any(line => line.Is("active"));
        bool done = run.Transcript.Any(line => line.Text.Contains(DoneMark, StringComparison.Ordinal));
        return watched && done && run.PoweredDown
            ? run
            : throw new BuildException($"the guest did not do its work{(watched ? "" : " under protection")}:\n{run.Text()}");
    }

    /// <summary>The guest's initramfs with the workload behind it: the kernel unpacks one archive after the other.</summary>
    private GuestImages AddWorkload(GuestImages images)
    {
        using CpioArchive archive = new();
        archive.AddFile("workload", File.ReadAllBytes(context.Paths.In("bench/guest/workload")), executable: true);
        string initramfs = context.Paths.In("artifacts/bench/initramfs.cpio");
        Directory.CreateDirectory(Path.GetDirectoryName(initramfs)!);
        File.WriteAllBytes(initramfs, [.. File.ReadAllBytes(images.Initramfs), .. archive.Finish()]);
        return images with { Initramfs = initramfs };
    }
}
