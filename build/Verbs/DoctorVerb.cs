using System;
using System.Collections.Generic;
using System.Linq;
using Build.Cli;
using Build.Debian;
using Build.Qemu;
using Build.Tools;

namespace Build.Verbs;

/// <summary>Looks at the machine and says what the other verbs find there. Changes nothing.</summary>
public sealed class DoctorVerb : IVerb
{
    private const string Nothing = "-";

    public string Name => "doctor";

    public string Summary => "says what is installed, what is missing and for what, and which hypervisors can be used";

    public IReadOnlyList<VerbOption> Options => [];

    public IReadOnlyList<Requirement> Requirements => [];

    public int Run(BuildContext context, VerbArguments arguments)
    {
        Requirement[] all = [.. VerbTable.All.SelectMany(v => v.Requirements).Distinct(RequirementByPackage.Instance)];
        Print(context, Packages(context, all));
        Print(context, Hypervisors.Table(context.Paths));
        string[] missing = [.. all.Where(r => !r.IsMet()).Select(r => r.Package)];
        if (missing.Length > 0)
            context.Progress.Plain($"missing: {string.Join(", ", missing)}; {RequirementInstaller.Advice(missing)}");
        string[] supported = [.. QemuCatalog.Supported.Where(QemuCatalog.IsInstalled)];
        if (supported.Length == 0)
            context.Progress.Plain($"the installed QEMU ({QemuCatalog.Installed ?? "none"}) is not one that the glue supports: "
                + $"demo and test need {string.Join(" or ", QemuCatalog.Supported)}");
        bool well = missing.Length == 0 && supported.Length > 0;
        context.Progress.Plain(well ? "build, demo and test can run" : "build, demo and test cannot all run yet");
        return well ? ExitCode.Ok : ExitCode.Missing;
    }

    private static void Print(BuildContext context, TextTable table)
    {
        foreach (string line in table.Lines().Append(""))
            context.Progress.Plain(line);
    }

    private static TextTable Packages(BuildContext context, IEnumerable<Requirement> all)
    {
        TextTable table = new("needed", "state", "version", "by");
        table.Add(".NET SDK", "installed", SdkVersion(context), "everything");
        foreach (Requirement requirement in all)
        {
            string version = PackageVersion.Of(requirement.Package);
            string state = requirement.IsMet() ? "installed" : "MISSING";
            table.Add(requirement.Package, state, version.Length > 0 ? version : Nothing, NeededBy(requirement));
        }

        return table;
    }

    private static string NeededBy(Requirement requirement) => string.Join(", ", VerbTable.All
        .Where(v => v.Requirements.Contains(requirement, RequirementByPackage.Instance)).Select(v => v.Name));

    private static string SdkVersion(BuildContext context) =>
        Tool.Run("dotnet", ["--version"], context.Paths.Root).Output.Trim().Split('\n')[0];
}
