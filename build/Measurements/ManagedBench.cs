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

    /// <summary>Bytes that a hook takes.</summary>
    public double HookBytes()
    {
        string output = Tool.Check(context, "bench-hook-bytes", "dotnet", Program, "memory").Trim();
        return double.TryParse(output, NumberStyles.Float, CultureInfo.InvariantCulture, out double bytes)
            ? bytes
            : throw new BuildException($"the bench project printed '{output}' where a number belongs");
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
