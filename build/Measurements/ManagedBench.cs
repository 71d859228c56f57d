using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Tools;

namespace Build.Measurements;

/// <summary>The BenchmarkDotNet project of bench/: what is measured inside the engine, compiled by the JIT.</summary>
public sealed class ManagedBench(BuildContext context)
{
    private string Program => context.Paths.In("artifacts/dotnet/bin/Bench/release/Bench.dll");

    /// <summary>Bytes that a hook takes: on a frame, and on linear addresses.</summary>
    public IReadOnlyDictionary<string, double> HookBytes()
    {
        string output = Tool.Check(context, "bench-hook-bytes", "dotnet", Program, "memory");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(
            words => words[0],
            words => double.TryParse(words[^1], NumberStyles.Float, CultureInfo.InvariantCulture, out double bytes)
                ? bytes
                : throw new BuildException($"the bench project printed '{words[^1]}' where a number belongs"),
            StringComparer.Ordinal);
    }

    /// <summary>Runs the benchmarks; their tables, as BenchmarkDotNet writes them.</summary>
    public string Run()
    {
        string folder = context.Paths.In("artifacts/bench/managed");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Tool.Check(context, "bench-managed", "dotnet", Program, "--filter", "*", "--artifacts", folder);
        IEnumerable<string> tables = Directory.EnumerateFiles(Path.Combine(folder, "results"), "*-report-github.md")
            .Order(StringComparer.Ordinal)
            .Select(file => $"`{ClassOf(file)}`\n\n{string.Join('\n', File.ReadLines(file).Where(line => line.StartsWith('|')))}");
        return string.Join("\n\n", tables);
    }

    /// <summary>Bench.CLASS-report-github.md.</summary>
    private static string ClassOf(string file) => Path.GetFileName(file).Split('-')[0].Split('.')[^1];
}
