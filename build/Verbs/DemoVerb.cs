using System;
using System.Collections.Generic;
using System.Linq;
using Build.Cli;
using Build.Debian;
using Build.Guest;
using Build.Qemu;
using Build.Runs;
using Build.Tools;

namespace Build.Verbs;

/// <summary>Shows the engine stopping attacks on an unmodified kernel under an unmodified QEMU.</summary>
public sealed class DemoVerb : IVerb
{
    private const string Allow = "--allow";
    private const string Unwatched = "--unwatched";
    private const string Attack = "--attack";
    private const string Cpus = "--cpus";
    private const string Qemu = "--qemu";

    public string Name => "demo";

    public string Summary => "boots a Debian kernel in QEMU, attacks it in five ways, and shows the engine stopping that";

    public IReadOnlyList<VerbOption> Options { get; } =
    [
        new(Allow, Value: null, "log only: report the attacks and let them happen"),
        new(Unwatched, Value: null, "without the engine: what the attacks do if nobody is there"),
        new(Attack, "KIND,..", $"only these: {string.Join(", ", AttackKinds.All)} (see tests/linux/attack)"),
        new(Cpus, "N", "CPUs of the guest, 1 by default"),
        new(Qemu, "PATH|VERSION", "another QEMU than the installed one: a path, 7.2 or 10.0 (fetched, not installed)"),
    ];

    public IReadOnlyList<Requirement> Requirements => Debian.Requirements.Guest;

    public int Run(BuildContext context, VerbArguments arguments)
    {
        DemoMode mode = Mode(arguments);
        IReadOnlyList<string> kinds = Kinds(arguments);
        int cpus = arguments.Count(Cpus, 1);
        QemuProgram qemu = QemuProgram.OnPath;
        using (ArtifactsLock.Take(context))
        {
            if (arguments.Value(Qemu) is { } wanted)
                qemu = QemuCatalog.Provide(context, wanted);
            if (mode != DemoMode.Unwatched)
                BuildVerb.BuildNative(context);
            new GuestKit(context).Make();
        }

        TranscriptPrinter printer = new(Console.Out);
        GuestRunOptions options = GuestRunOptions.For(context.Paths) with
        {
            Qemu = qemu,
            EngineOptions = EngineOption.ProtectAll | (mode == DemoMode.LogOnly ? EngineOption.LogOnly : 0),
            Attacks = kinds,
            Cpus = cpus,
            Live = printer.Print,
        };
        if (mode == DemoMode.Unwatched)
            options = options with { Plugin = null };

        context.Progress.Line($"starting the guest; {Intention(mode)}");
        GuestRunResult result = GuestRun.Run(options);
        printer.Flush();
        printer.Line(result.Elapsed, "qemu", $"exited {result.ExitCode}");
        foreach (string line in DemoSummary.Lines(result, kinds).Prepend("").Append(""))
            context.Progress.Plain(line);
        if (DemoJudge.Complaint(result, mode, kinds) is { } complaint)
            throw new BuildException($"the demo failed: {complaint}\ncommand: {result.CommandLine}");
        context.Progress.Line($"demo: {kinds.Count} of {kinds.Count} attacks {Outcome(mode)}; the guest shut down cleanly");
        return ExitCode.Ok;
    }

    private static IReadOnlyList<string> Kinds(VerbArguments arguments)
    {
        if (arguments.Value(Attack) is not { } value)
            return AttackKinds.Demo;
        string[] kinds = [.. value.Split(',').Distinct(StringComparer.Ordinal)];
        return kinds.FirstOrDefault(kind => !AttackKinds.IsKnown(kind)) is { } unknown
            ? throw new BuildException(
                ExitCode.Usage, $"{Attack}: there is no '{unknown}'; there are {string.Join(", ", AttackKinds.All)}")
            : kinds;
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
        DemoMode.LogOnly => "reported and, as told, allowed",
        DemoMode.Unwatched => "landed unseen",
        _ => "reported and blocked",
    };
}
