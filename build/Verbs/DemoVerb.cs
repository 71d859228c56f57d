using System;
using System.Collections.Generic;
using Build.Cli;
using Build.Debian;
using Build.Guest;
using Build.Runs;
using Build.Tools;

namespace Build.Verbs;

/// <summary>Shows the engine stopping an attack on an unmodified kernel under an unmodified QEMU.</summary>
public sealed class DemoVerb : IVerb
{
    private const string Allow = "--allow";
    private const string Unwatched = "--unwatched";
    private const string Attack = "--attack";
    private const string Cpus = "--cpus";

    public string Name => "demo";

    public string Summary => "boots a Debian kernel in QEMU, attacks its IDT, and shows the engine stopping that";

    public IReadOnlyList<VerbOption> Options { get; } =
    [
        new(Allow, Value: null, "log only: report the attack and let it happen"),
        new(Unwatched, Value: null, "without the engine: what the attack does if nobody is there"),
        new(Attack, "KIND", "idt (default), unaligned, rmw or or: see tests/linux/attack"),
        new(Cpus, "N", "CPUs of the guest, 1 by default"),
    ];

    public IReadOnlyList<Requirement> Requirements => Debian.Requirements.Guest;

    public int Run(BuildContext context, VerbArguments arguments)
    {
        DemoMode mode = Mode(arguments);
        using (ArtifactsLock.Take(context))
        {
            if (mode != DemoMode.Unwatched)
                BuildVerb.BuildNative(context);
            new GuestKit(context).Make();
        }

        TranscriptPrinter printer = new(Console.Out);
        GuestRunOptions options = GuestRunOptions.For(context.Paths) with
        {
            EngineOptions = EngineOption.ProtectIdt | (mode == DemoMode.LogOnly ? EngineOption.LogOnly : 0),
            Attack = arguments.Value(Attack) ?? "idt",
            Cpus = arguments.Count(Cpus, 1),
            Live = printer.Print,
        };
        if (mode == DemoMode.Unwatched)
            options = options with { Plugin = null };

        context.Progress.Line($"starting the guest; {Intention(mode)}");
        GuestRunResult result = GuestRun.Run(options);
        printer.Line(result.Elapsed, "qemu", $"exited {result.ExitCode}");
        if (DemoJudge.Complaint(result, mode) is { } complaint)
            throw new BuildException($"the demo failed: {complaint}\ncommand: {result.CommandLine}");
        context.Progress.Line($"demo: {Outcome(mode)}; the guest shut down cleanly");
        return ExitCode.Ok;
    }

    private static DemoMode Mode(VerbArguments arguments) => (arguments.Has(Allow), arguments.Has(Unwatched)) switch
    {
        (true, true) => throw new BuildException(ExitCode.Usage, $"{Allow} and {Unwatched} exclude each other"),
        (true, false) => DemoMode.LogOnly,
        (false, true) => DemoMode.Unwatched,
        _ => DemoMode.Block,
    };

    private static string Intention(DemoMode mode) => mode switch
    {
        DemoMode.LogOnly => "attacks are reported and allowed",
        DemoMode.Unwatched => "nobody watches it",
        _ => "attacks are blocked",
    };

    private static string Outcome(DemoMode mode) => mode switch
    {
        DemoMode.LogOnly => "the attack was reported and, as told, allowed",
        DemoMode.Unwatched => "the attack landed unseen",
        _ => "the attack was reported and blocked",
    };
}
