using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Tools;

namespace Build.Debian;

/// <summary>Installs missing packages where it may, and says what to install where it may not.</summary>
public static class RequirementInstaller
{
    /// <summary>How the lines of apt-get start that are worth showing.</summary>
    private static readonly string[] _news = ["Need to get", "Fetched", "Err:", "E:"];

    public static void Provide(IReadOnlyList<Requirement> requirements, Progress progress)
    {
        List<string> missing = Missing(requirements);
        if (missing.Count == 0)
            return;
        if (!Environment.IsPrivilegedProcess || !Requirement.IsOnPath("apt-get"))
            throw new BuildException(ExitCode.Missing, $"missing: {string.Join(", ", missing)}\n{Advice(missing)}");

        if (!HasLists())
            Update(progress);
        if (!Install(missing, progress))
        {
            // The lists name versions that are gone: they are older than the archive.
            Update(progress);
            Install(missing, progress);
        }

        List<string> still = Missing(requirements);
        if (still.Count > 0)
            throw new BuildException(ExitCode.Missing, $"could not install: {string.Join(", ", still)}\n{Advice(still)}");
    }

    /// <summary>How a person installs packages.</summary>
    public static string Advice(IReadOnlyList<string> packages) =>
        $"install with: {(Environment.IsPrivilegedProcess ? "" : "sudo ")}apt-get install --no-install-recommends "
        + string.Join(' ', packages);

    private static List<string> Missing(IReadOnlyList<Requirement> requirements) =>
        [.. requirements.Where(r => !r.IsMet()).Select(r => r.Package).Distinct(StringComparer.Ordinal)];

    private static bool HasLists() =>
        Directory.Exists("/var/lib/apt/lists")
        && Directory.EnumerateFiles("/var/lib/apt/lists").Any(f => f.Contains("_Packages", StringComparison.Ordinal));

    private static void Update(Progress progress) => Apt(progress, ["update"]);

    private static bool Install(IEnumerable<string> packages, Progress progress) =>
        Apt(progress, ["install", "-y", "--no-install-recommends", .. packages]) == 0;

    private static int Apt(Progress progress, IReadOnlyList<string> arguments)
    {
        int exitCode = 0;
        progress.Step($"apt-get {string.Join(' ', arguments)}", () => exitCode = Tool.Stream(
            "env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "Dpkg::Use-Pty=0", .. arguments], "/",
            line => Show(progress, line)));
        return exitCode;
    }

    private static void Show(Progress progress, string line)
    {
        if (_news.Any(start => line.StartsWith(start, StringComparison.Ordinal)))
            progress.Line($"  {line}");
    }
}
