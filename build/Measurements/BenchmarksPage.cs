using System;
using System.IO;
using System.Linq;
using Build.Cli;

namespace Build.Measurements;

/// <summary>Writes docs/benchmarks.md, from bench/page.md and the figures, and the table of the README.</summary>
public static class BenchmarksPage
{
    private const string Managed = "managed";
    private const string ReadmeMark = "benchmarks";

    public static void Write(ProjectPaths paths, Measured measured, GuestCost guest, string? managed)
    {
        string target = paths.In("docs/benchmarks.md");
        string former = File.Exists(target) ? File.ReadAllText(target) : "";
        string page = File.ReadAllText(paths.In("bench/page.md"))
            .Replace("{cpu}", Processor(), StringComparison.Ordinal)
            .Replace("{events}", FigureTables.Events(measured).Trim(), StringComparison.Ordinal)
            .Replace("{values}", FigureTables.Values(measured).Trim(), StringComparison.Ordinal)
            .Replace("{guest}", FigureTables.Guest(guest).Trim(), StringComparison.Ordinal);

        // What runs in the JIT takes long and is measured on demand: without, the figures of the last time stay.
        string section = managed ?? MarkedSection.Read(former, Managed) ?? "Not measured yet.";
        File.WriteAllText(target, MarkedSection.Replace(page, Managed, section)
            ?? throw new BuildException("bench/page.md has no marks for the managed figures"));

        string readme = paths.In("README.md");
        File.WriteAllText(readme, MarkedSection.Replace(File.ReadAllText(readme), ReadmeMark, FigureTables.Short(measured))
            ?? throw new BuildException("README.md has no marks for the benchmarks"));
    }

    /// <summary>Name of the processor, as the kernel knows it, and how many of them there are.</summary>
    private static string Processor()
    {
        const string file = "/proc/cpuinfo";
        string? name = File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim()
            : null;
        return $"{name ?? "unknown processor"}, {Environment.ProcessorCount} of them";
    }
}
